import { Code, Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { CopyText } from '../../components/copy-text.tsx';
import { Dialog } from '../../components/dialog.tsx';

interface StatementDialogProps {
  readonly site: string;
  readonly list: string;
  readonly statement: NonNullable<Site['holdings'][number]['statement']>;
  readonly onClose: () => void;
}

/** What a site signed, as it came, for whoever wants to check it. */
export function StatementDialog({ site, list, statement, onClose }: StatementDialogProps) {
  const { t } = useTranslation();
  const parts = [
    { label: t('sites.holds.base'), text: statement.base },
    { label: t('sites.holds.signature'), text: statement.signature },
    { label: t('sites.holds.signer'), text: statement.key },
  ];
  return (
    <Dialog title={t('sites.holds.statementTitle', { site, name: list })} onClose={onClose} size="lg">
      <Stack>
        <Text size="sm">{t('sites.holds.statementText')}</Text>
        {parts.map(({ label, text }) => (
          <Stack key={label} gap={4}>
            <Group justify="space-between">
              <Text size="sm" fw={500}>
                {label}
              </Text>
              <CopyText text={text} label={t('common.copy')} />
            </Group>
            <Code block className="wrap" style={{ whiteSpace: 'pre-wrap' }}>
              {text}
            </Code>
          </Stack>
        ))}
      </Stack>
    </Dialog>
  );
}
