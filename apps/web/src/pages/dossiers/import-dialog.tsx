import { Alert, Button, Code, Group, List, Stack, Text } from '@mantine/core';
import { IconFile } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { maximumImportBytes } from '@dossier/protocol/import.ts';
import type { ImportReport } from '@dossier/protocol/import.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useImport } from '../../api/import.ts';
import { Dialog } from '../../components/dialog.tsx';
import { DropArea } from '../../components/drop-area.tsx';
import { ListSelect } from '../../components/list-select.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useWriting } from '../../format/moments.ts';
import { TakeBackButton } from './take-back-button.tsx';

interface ImportDialogProps {
  readonly lists: readonly WatchList[];
  readonly preset?: number;
  readonly onClose: () => void;
}

const shownRefusals = 20;

/** Reads a file's dossiers into a list: first it is shown what would change, then it is done. */
export function ImportDialog({ lists, preset, onClose }: ImportDialogProps) {
  const { t } = useTranslation();
  const preview = useImport();
  const run = useImport();
  const [list, setList] = useState(preset ?? lists[0]?.id ?? 0);
  const [file, setFile] = useState<File | null>(null);
  const isTooLarge = file !== null && file.size > maximumImportBytes;
  const look = (chosen: File, into: number): void => {
    setFile(chosen);
    setList(into);
    run.reset();
    preview.reset();
    if (chosen.size <= maximumImportBytes) preview.mutate({ list: into, file: chosen, preview: true });
  };
  const report = run.data ?? preview.data;
  const changes = report === undefined ? 0 : report.added + report.changed;
  return (
    <Dialog title={t('dossiers.import.title')} size="lg" onClose={onClose}>
      <Stack>
        <ListSelect
          label={t('dossiers.import.list')}
          lists={lists}
          value={list}
          onChange={(into = list) => (file === null ? setList(into) : look(file, into))}
          disabled={run.isPending || run.isSuccess}
        />
        {!run.isSuccess && (
          <DropArea
            label={t('dossiers.import.drop')}
            hint={t('dossiers.import.hint')}
            accept=".jsonl,.ndjson,.json,.csv,.tsv,.txt,.gz,text/csv,application/x-ndjson"
            onFiles={([chosen]) => chosen && look(chosen, list)}
          />
        )}
        {file === null && <Code block>{'{"external_id": "A-17", "name": "Jane Doe", "comment": "…", "meta": {"height": 181}}'}</Code>}
        {file !== null && (
          <Group gap="xs">
            <IconFile size={18} aria-hidden />
            <Text size="sm" fw={600} className="wrap">
              {file.name}
            </Text>
          </Group>
        )}
        <ProblemAlert
          error={isTooLarge ? t('dossiers.import.tooLarge', { megabytes: maximumImportBytes / 1024 / 1024 }) : (run.error ?? preview.error)}
        />
        <div role="status">
          {preview.isPending && <Text size="sm">{t('dossiers.import.looking')}</Text>}
          {report !== undefined && <Report report={report} />}
        </div>
        {run.data?.import != null && <TakeBackButton id={run.data.import} onDone={onClose} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t(run.isSuccess ? 'common.close' : 'common.cancel')}
          </Button>
          {!run.isSuccess && (
            <Button
              disabled={file === null || preview.data === undefined || changes === 0}
              loading={run.isPending}
              onClick={() => file !== null && run.mutate({ list, file, preview: false })}
            >
              {t('dossiers.import.run', { count: changes })}
            </Button>
          )}
        </Group>
      </Stack>
    </Dialog>
  );
}

function Report({ report }: { report: ImportReport }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const figures = (['added', 'changed', 'unchanged', 'refused'] as const).map((name) => (
    <List.Item key={name}>
      {t(`dossiers.import.${name}`)}: <strong>{writing.number(report[name])}</strong>
    </List.Item>
  ));
  return (
    <Alert
      color={report.refused > 0 ? 'yellow' : report.preview ? 'steel' : 'green'}
      title={t(report.preview ? 'dossiers.import.would' : 'dossiers.import.did')}
    >
      <List size="sm">{figures}</List>
      {report.refusals.length > 0 && (
        <List size="sm" mt="xs">
          {report.refusals.slice(0, shownRefusals).map(({ line, reason }) => (
            <List.Item key={line}>{t('dossiers.import.line', { line, reason })}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}
