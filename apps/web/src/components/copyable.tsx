import { Button, Code, CopyButton, Group } from '@mantine/core';
import { useTranslation } from 'react-i18next';

/** A text to be taken elsewhere: a click selects it whole, and a button copies it where the browser lets pages do so, which is over HTTPS. */
export function Copyable({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Group gap="xs">
      <Code block fz="sm" className="wrap" style={{ userSelect: 'all', whiteSpace: 'pre-wrap' }}>
        {text}
      </Code>
      {window.isSecureContext && (
        <CopyButton value={text}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="default" onClick={copy}>
              {t(copied ? 'common.copied' : 'common.copy')}
            </Button>
          )}
        </CopyButton>
      )}
    </Group>
  );
}
