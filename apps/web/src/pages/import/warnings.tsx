import { Alert, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { ImportColumns, ImportReport } from '@dossier/protocol/import.ts';

const shown = 5;

/** What gives reason for doubt: external ids, and people whom the list has already. */
export function Warnings({ warnings }: { warnings: ImportColumns['warnings'] & Pick<ImportReport['warnings'], 'doubles'> }) {
  const { t } = useTranslation();
  const { scientific_ids: scientific, repeated_ids: repeated, doubles = { count: 0, rows: [] } } = warnings;
  if (scientific.count + repeated.count + doubles.count === 0) return null;
  return (
    <Alert color="yellow" mt="sm" icon={<IconAlertTriangle aria-hidden />} title={t('imports.warnings')}>
      <List size="sm">
        {scientific.count > 0 && (
          <List.Item>
            {t('imports.scientific', { count: scientific.count })}{' '}
            {scientific.rows
              .slice(0, shown)
              .map(({ line, external_id: id }) => t('imports.idInLine', { id: shownText(id), line }))
              .join('; ')}
          </List.Item>
        )}
        {repeated.count > 0 && (
          <List.Item>
            {t('imports.repeated', { count: repeated.count })}{' '}
            {repeated.rows
              .slice(0, shown)
              .map(({ line, external_id: id, first = 0 }) => t('imports.idInLines', { id: shownText(id), first, line }))
              .join('; ')}
          </List.Item>
        )}
        {doubles.count > 0 && (
          <List.Item>
            {t('imports.doubles', { count: doubles.count })}{' '}
            {doubles.rows
              .slice(0, shown)
              .map(({ line, name }) => t('imports.idInLine', { id: shownText(name), line }))
              .join('; ')}
          </List.Item>
        )}
      </List>
    </Alert>
  );
}
