import { Anchor, Button, Text } from '@mantine/core';
import { IconFileImport } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ImportEntry } from '@dossier/protocol/import.ts';
import { inPlace } from '../../address.ts';
import { useImports } from '../../api/import.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { ListSelect } from '../../components/list-select.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
import { Page } from '../../components/page.tsx';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import { TakeBackButton } from './take-back-button.tsx';

/** Who imported what, when, and what came of it. */
export function ImportsPage() {
  const { t } = useTranslation();
  const { list } = useSearch({ from: '/imports' });
  const navigate = useNavigate({ from: '/imports' });
  const lists = useWatchLists();
  const imports = useImports(list);
  return (
    <Page title={t('shell.pages.imports')} description={t('imports.history.description')}>
      <ListSelect
        label={t('common.into')}
        lists={lists.data ?? []}
        value={list}
        onChange={(chosen) => void navigate({ search: { list: chosen }, ...inPlace })}
        none={t('dossiers.allLists')}
        maw={320}
      />
      <Loaded query={imports}>
        {(data) => {
          const found = data.pages.flatMap((page) => page.results);
          if (found.length === 0) {
            return (
              <Empty icon={<IconFileImport size={40} />} title={t('imports.history.empty.title')}>
                {t('imports.history.empty.text')}
              </Empty>
            );
          }
          return (
            <>
              <ImportTable imports={found} />
              {imports.hasNextPage && (
                <Button variant="default" loading={imports.isFetchingNextPage} onClick={() => void imports.fetchNextPage()}>
                  {t('common.more')}
                </Button>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function ImportTable({ imports }: { imports: readonly ImportEntry[] }) {
  const { t } = useTranslation();
  const columns: Column<ImportEntry>[] = [
    { title: t('common.when'), cell: (entry) => <When time={entry.started_date} /> },
    { title: t('common.who'), minor: true, cell: (entry) => <Name>{entry.actor}</Name> },
    {
      title: t('imports.history.file'),
      cell: ({ file, dossier_list: list }) => (
        <>
          <Text size="sm" fw={600} className="wrap" component="div">
            {file === null ? t('imports.history.noName') : <Name>{file}</Name>}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            {t('common.into')}: <Name>{list.name}</Name>
          </Text>
        </>
      ),
    },
    { title: t('common.outcome'), cell: (entry) => <Outcome entry={entry} /> },
  ];
  return <DataTable label={t('shell.pages.imports')} columns={columns} rows={imports} rowKey={(entry) => entry.import} />;
}

function Outcome({ entry }: { entry: ImportEntry }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const mayCorrect = useMay('operator');
  const { added, changed, unchanged, refused } = entry;
  const sums = {
    added: writing.number(added),
    changed: writing.number(changed),
    unchanged: writing.number(unchanged),
    refused: writing.number(refused),
  };
  return (
    <>
      <Text size="sm" fw={600} {...(entry.state === 'broken-off' && { c: 'var(--mantine-color-error)' })}>
        {t(`imports.history.states.${entry.state}`)}
      </Text>
      <Text size="xs" c="dimmed">
        {t('imports.history.sum', sums)}
      </Text>
      {mayCorrect && entry.kept_refusals > 0 && (
        <Anchor size="xs" underline="always" href={`/imports/${entry.import}/refused/`} download>
          {t('imports.history.refused')}
        </Anchor>
      )}
      {mayCorrect && entry.can_be_taken_back && entry.state !== 'running' && <TakeBackButton id={entry.import} />}
    </>
  );
}
