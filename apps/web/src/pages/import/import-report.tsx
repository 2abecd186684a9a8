import { Alert, Anchor, List } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ImportReport as Report } from '@dossier/protocol/import.ts';
import { useNodeWords } from '../../i18n/node-words.ts';
import { useWriting } from '../../format/moments.ts';
import { Warnings } from './warnings.tsx';

const shownRefusals = 20;

/** What an import did, or would do. */
export function ImportReport({ report }: { report: Report }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const words = useNodeWords();
  const figures = (['added', 'changed', 'unchanged', 'refused'] as const).map((name) => (
    <List.Item key={name}>
      {t(`imports.${name}`)}: <strong>{writing.number(report[name])}</strong>
    </List.Item>
  ));
  return (
    <>
      <Alert
        color={report.refused > 0 ? 'yellow' : report.preview ? 'steel' : 'green'}
        title={t(report.preview ? 'imports.would' : 'imports.did')}
      >
        <List size="sm">{figures}</List>
        {report.refusals.length > 0 && (
          <List size="sm" mt="xs" className="wrap">
            {report.refusals.slice(0, shownRefusals).map(({ line, reason }) => (
              <List.Item key={`${line} ${reason}`}>{t('imports.line', { line, reason: words.refusal(reason) })}</List.Item>
            ))}
          </List>
        )}
        {report.import !== null && report.refused > 0 && (
          <Anchor mt="xs" size="sm" display="block" underline="always" href={`/imports/${report.import}/refused/`} download>
            {t('imports.downloadRefused')}
          </Anchor>
        )}
      </Alert>
      <Warnings warnings={report.warnings} />
    </>
  );
}
