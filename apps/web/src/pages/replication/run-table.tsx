import { Button, Text } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Run } from '@dossier/protocol/sync.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { FaultText } from '../../components/fault-text.tsx';
import { Name } from '../../components/name.tsx';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import { durationOf } from './duration.ts';
import { RunChangesDialog } from './run-changes-dialog.tsx';

/** The syncs in figures, newest first. */
export function RunTable({ list, runs }: { list: number; runs: readonly Run[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const { run: opened } = useSearch({ from: '/replication/$list' });
  const navigate = useNavigate({ from: '/replication/$list' });
  const open = (run: number | undefined, replace = false): void =>
    void navigate({ search: (before) => ({ ...before, run }), replace, resetScroll: false });
  const figure = (name: 'added' | 'changed' | 'removed'): Column<Run> => ({
    title: t(`replication.history.${name}`),
    align: 'right',
    cell: (run) => writing.number(run[name]),
  });
  const columns: Column<Run>[] = [
    {
      title: t('replication.history.started'),
      cell: (run) => (run.started_date === null ? t('replication.history.notYet') : <When time={run.started_date} />),
    },
    {
      title: t('common.outcome'),
      cell: (run) => (
        <>
          <Text size="sm" fw={600}>
            {t(`replication.runState.${run.state}`)}
          </Text>
          {run.error !== null && <FaultText error={run.error} size="xs" />}
          <Notes run={run} />
          {run.added + run.changed + run.removed > 0 && (
            <Button size="compact-xs" variant="default" mt={4} onClick={() => open(run.id)}>
              {t('history.show')}
            </Button>
          )}
        </>
      ),
    },
    { title: t('replication.history.reason'), minor: true, cell: (run) => <Reason run={run} /> },
    figure('added'),
    figure('changed'),
    figure('removed'),
    { title: t('replication.history.photos'), align: 'right', minor: true, cell: (run) => writing.number(run.photos_fetched) },
    { title: t('replication.history.bytes'), align: 'right', minor: true, cell: (run) => writing.bytes(run.bytes) },
    {
      title: t('replication.history.duration'),
      align: 'right',
      minor: true,
      cell(run) {
        const ms = durationOf(run);
        return ms === null ? '' : writing.duration(ms);
      },
    },
  ];
  return (
    <>
      <DataTable label={t('replication.history.title')} columns={columns} rows={runs} rowKey={(run) => run.id} />
      {/* Going back afterwards does not open it again. */}
      {opened !== undefined && <RunChangesDialog list={list} run={opened} onClose={() => open(undefined, true)} />}
    </>
  );
}

/** What else a run did or found that somebody may have to know. */
function Notes({ run }: { run: Run }) {
  const { t } = useTranslation();
  const notes = [
    run.restored_offline_deletions > 0 && t('replication.notes.restored', { count: run.restored_offline_deletions }),
    run.photos_missing.length > 0 && t('replication.notes.photosMissing', { count: run.photos_missing.length }),
    run.set_aside.length > 0 && t('replication.setAside', { count: run.set_aside.length }),
    run.differences !== null && run.differences.length > 0 && t('replication.notes.differences', { count: run.differences.length }),
  ].filter((note) => note !== false);
  return notes.map((note) => (
    <Text key={note} size="xs" c="dimmed">
      {note}
    </Text>
  ));
}

/** Why a run was, and who asked for it. */
function Reason({ run }: { run: Run }) {
  const { t } = useTranslation();
  return (
    <>
      {t(`replication.reason.${run.reason}`)}
      {run.requested_by !== null && (
        <>
          {': '}
          <Name>{run.requested_by}</Name>
        </>
      )}
    </>
  );
}
