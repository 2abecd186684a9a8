import { Alert, Code } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

/** Stands in for a page that threw. */
export function Crashed({ error }: ErrorComponentProps) {
  const { t } = useTranslation();
  return (
    <Alert color="red" role="alert" title={t('shell.crashed.title')}>
      {t('shell.crashed.text')}
      <Code block mt="sm">
        {error instanceof Error ? error.message : String(error)}
      </Code>
    </Alert>
  );
}
