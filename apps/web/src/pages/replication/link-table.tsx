import { Anchor, Text } from '@mantine/core';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { byUrgency } from '../../components/link-standing.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { FaultText } from '../../components/fault-text.tsx';
import { LinkState, NextRun } from '../../components/link-facts.tsx';
import { ListName } from '../../components/list-name.tsx';
import { ProgressLine } from '../../components/progress-line.tsx';
import { useWriting } from '../../format/moments.ts';
import { useOrigin } from '../../format/origin.ts';

/** The links, what needs a person first. */
export function LinkTable({ links, lists }: { links: readonly Link[]; lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const origin = useOrigin();
  const count = ({ local_count: here, remote_count: there }: Link): string =>
    there === null || there === here
      ? writing.number(here)
      : t('overview.ofRemote', { here: writing.number(here), there: writing.number(there) });
  const byId = new Map(lists.map((list) => [list.id, list]));
  const columns: Column<Link>[] = [
    {
      title: t('dossiers.list'),
      sort: { key: 'list', of: (link) => byId.get(link.slave_dossier_list)?.name ?? null },
      cell(link) {
        const list = byId.get(link.slave_dossier_list);
        const id = String(link.slave_dossier_list);
        return (
          <>
            <Anchor
              renderRoot={(props) => <RouterLink {...props} to="/replication/$list" params={{ list: id }} data-opens />}
              c="inherit"
              fw={600}
              size="sm"
            >
              <ListName name={list?.name ?? id} color={list?.color ?? ''} />
            </Anchor>
            <Text size="xs" c="dimmed" className="wrap">
              {origin(link, new URL(link.remote_url).host)}
            </Text>
          </>
        );
      },
    },
    {
      title: t('replication.state'),
      cell: (link) => (
        <>
          <LinkState link={link} />
          {link.progress !== null && <ProgressLine progress={link.progress} />}
          {link.error !== null && <FaultText error={link.error} />}
        </>
      ),
    },
    {
      title: t('watchLists.count'),
      align: 'right',
      sort: { key: 'dossiers', of: (link) => link.local_count },
      cell: (link) => count(link),
    },
    {
      title: t('replication.next'),
      minor: true,
      sort: { key: 'next', of: (link) => link.next_run },
      cell: (link) => <NextRun link={link} />,
    },
  ];
  return (
    <DataTable
      label={t('overview.replicas')}
      columns={columns}
      rows={byUrgency(links)}
      rowKey={(link) => link.slave_dossier_list}
      find={(link) => `${byId.get(link.slave_dossier_list)?.name ?? ''} ${link.remote_url}`}
    />
  );
}
