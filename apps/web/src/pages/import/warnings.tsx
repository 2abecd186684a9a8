import { Alert, Button, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { ImportColumns, ImportReport } from '@dossier/protocol/import.ts';
import { useWriting } from '../../format/moments.ts';

const shownAtFirst = 5;

/** What gives reason for doubt: external ids, and people whom the list has already. */
export function Warnings({ warnings }: { warnings: ImportColumns['warnings'] & Pick<ImportReport['warnings'], 'doubles'> }) {
  const { t } = useTranslation();
  const { scientific_ids: scientific, repeated_ids: repeated, doubles = { count: 0, rows: [] } } = warnings;
  if (scientific.count + repeated.count + doubles.count === 0) return null;
  return (
    <Alert color="yellow" mt="sm" icon={<IconAlertTriangle aria-hidden />} title={t('imports.warnings')}>
      <List size="sm">
        <Doubt
          words={t('imports.scientific', { count: scientific.count })}
          count={scientific.count}
          lines={scientific.rows.map(({ line, external_id: id }) => t('imports.idInLine', { id: shownText(id), line }))}
        />
        <Doubt
          words={t('imports.repeated', { count: repeated.count })}
          count={repeated.count}
          lines={repeated.rows.map(({ line, external_id: id, first = 0 }) => t('imports.idInLines', { id: shownText(id), first, line }))}
        />
        <Doubt
          words={t('imports.doubles', { count: doubles.count })}
          count={doubles.count}
          lines={doubles.rows.map(({ line, name }) => t('imports.idInLine', { id: shownText(name), line }))}
        />
      </List>
    </Alert>
  );
}

interface DoubtProps {
  readonly words: string;
  readonly count: number;
  /** The first of them. */
  readonly lines: readonly string[];
}

/** One reason for doubt, and the lines that give it: some, then all that are known. */
function Doubt({ words, count, lines }: DoubtProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const [most, setMost] = useState(shownAtFirst);
  if (count === 0) return null;
  const shown = lines.slice(0, most);
  return (
    <List.Item>
      {words} {shown.join('; ')}
      {shown.length < count && `; ${t('imports.moreLines', { shown: writing.number(count - shown.length) })}`}{' '}
      {shown.length < lines.length && (
        <Button size="compact-xs" variant="default" onClick={() => setMost(lines.length)}>
          {t('common.more')}
        </Button>
      )}
    </List.Item>
  );
}
