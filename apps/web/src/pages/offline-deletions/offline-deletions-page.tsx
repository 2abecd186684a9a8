import { Button, SegmentedControl, Text } from '@mantine/core';
import { IconPlugConnected } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { OfflineDeletion } from '@dossier/protocol/sync.ts';
import { inPlace } from '../../address.ts';
import { useReplicationPages } from '../../api/node.ts';
import { useOfflineDeletions } from '../../api/offline-deletions.ts';
import { useListName } from '../../api/watch-lists.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';

const settled = { open: false, settled: true, all: undefined } as const;

/** Who deleted what here while its master was away, and what became of it. */
export function OfflineDeletionsPage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  if (pages === false) return <SwitchedOff title={t('shell.pages.offlineDeletions')} />;
  return <Deletions />;
}

function Deletions() {
  const { t } = useTranslation();
  const { show = 'all' } = useSearch({ from: '/offline-deletions' });
  const navigate = useNavigate({ from: '/offline-deletions' });
  const deletions = useOfflineDeletions({ settled: settled[show] });
  return (
    <Page title={t('shell.pages.offlineDeletions')} description={t('offlineDeletions.description')}>
      <SegmentedControl
        aria-label={t('offlineDeletions.show')}
        value={show}
        onChange={(chosen) => void navigate({ search: { show: chosen === 'all' ? undefined : chosen }, ...inPlace })}
        data={(['all', 'open', 'settled'] as const).map((value) => ({ value, label: t(`offlineDeletions.choices.${value}`) }))}
        style={{ alignSelf: 'flex-start' }}
      />
      <Loaded query={deletions}>
        {(data) => {
          const found = data.pages.flatMap((page) => page.results);
          if (found.length === 0) {
            return (
              <Empty icon={<IconPlugConnected size={40} />} title={t('offlineDeletions.empty.title')}>
                {t('offlineDeletions.empty.text')}
              </Empty>
            );
          }
          return (
            <>
              <DeletionTable deletions={found} />
              {deletions.hasNextPage && (
                <Button variant="default" loading={deletions.isFetchingNextPage} onClick={() => void deletions.fetchNextPage()}>
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

function DeletionTable({ deletions }: { deletions: readonly OfflineDeletion[] }) {
  const { t } = useTranslation();
  const nameOf = useListName();
  const columns: Column<OfflineDeletion>[] = [
    {
      title: t('offlineDeletions.dossier'),
      cell: (deletion) => (
        <>
          <Text size="sm" fw={600} className="wrap">
            <Name>{deletion.name}</Name>
          </Text>
          <Text size="xs" c="dimmed">
            {deletion.external_id}
          </Text>
        </>
      ),
    },
    {
      title: t('dossiers.list'),
      cell: (deletion) => <Name>{nameOf(deletion.slave_dossier_list)}</Name>,
    },
    { title: t('offlineDeletions.by'), cell: (deletion) => <Name>{deletion.deleted_by}</Name> },
    { title: t('offlineDeletions.when'), cell: (deletion) => <When time={deletion.deleted_date} /> },
    {
      title: t('common.outcome'),
      cell: (deletion) =>
        deletion.settled_as === null ? (
          t('offlineDeletions.open')
        ) : (
          <>
            {t(`offlineDeletions.settled.${deletion.settled_as}`)} {deletion.settled_date !== null && <When time={deletion.settled_date} />}
          </>
        ),
    },
  ];
  return <DataTable label={t('shell.pages.offlineDeletions')} columns={columns} rows={deletions} rowKey={(deletion) => deletion.id} />;
}
