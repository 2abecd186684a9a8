import { Anchor, Group, Text } from '@mantine/core';
import { IconCopy } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useNode, useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { ReplicaMark } from '../../components/replica-mark.tsx';
import { ListName } from '../../components/list-name.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import type { Removal } from './removal-dialog.tsx';

interface WatchListTableProps {
  readonly lists: readonly WatchList[];
  readonly onEdit: (list: WatchList) => void;
  readonly onRemove: (kind: Removal, list: WatchList) => void;
}

/** The lists with their sizes and, for a replica, its master. */
export function WatchListTable({ lists, onEdit, onRemove }: WatchListTableProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const admin = useMay('admin');
  const { data: node } = useNode();
  const actionsOf = (list: WatchList) => {
    if (!admin || list.replica !== null) return [];
    const removal = list.dossier_count > 0 ? 'purge' : 'delete';
    return [
      { label: t('common.edit'), onClick: () => onEdit(list) },
      // On a slave dossiers are for reading: a list that holds some can't be emptied there.
      ...(removal === 'purge' && node?.slave === true
        ? []
        : [{ label: t(`watchLists.${removal}.action`), danger: true, onClick: () => onRemove(removal, list) }]),
    ];
  };
  const columns: Column<WatchList>[] = [
    {
      title: t('common.name'),
      sort: { key: 'name', of: (list) => list.name },
      cell: (list) => (
        <>
          <Anchor
            renderRoot={(props) => <Link {...props} to="/dossiers" search={{ list: list.id }} data-opens />}
            c="inherit"
            fw={600}
            size="sm"
          >
            <ListName name={list.name} color={list.color} />
          </Anchor>
          {list.comment !== '' && (
            <Text size="xs" c="dimmed" lineClamp={1}>
              {list.comment}
            </Text>
          )}
        </>
      ),
    },
    {
      title: t('watchLists.count'),
      align: 'right',
      sort: { key: 'dossiers', of: (list) => list.dossier_count },
      cell: (list) => writing.number(list.dossier_count),
    },
    { title: t('watchLists.kind'), cell: (list) => <Kind list={list} /> },
    { title: t('watchLists.active'), minor: true, cell: (list) => t(list.active ? 'common.yes' : 'common.no') },
    {
      title: t('watchLists.modified'),
      minor: true,
      sort: { key: 'changed', of: changeOf },
      cell: (list) => <When time={changeOf(list)} />,
    },
    ...(admin ? [{ title: t('common.actions'), cell: (list: WatchList) => <RowMenu name={list.name} actions={actionsOf(list)} /> }] : []),
  ];
  return (
    <DataTable
      label={t('shell.pages.watchLists')}
      columns={columns}
      rows={lists}
      rowKey={(list) => list.id}
      find={(list) => `${list.name} ${list.comment}`}
    />
  );
}

/** When the list, or a dossier of it, was changed last. */
function changeOf({ modified_date: list, content_date: content }: WatchList): string {
  return list > content ? list : content;
}

function Kind({ list }: { list: WatchList }) {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  if (list.replica === null) return <Text size="sm">{t('watchLists.own')}</Text>;
  const words = t('watchLists.replicaOf', { master: new URL(list.replica.remote_url).host });
  return (
    <>
      <Group gap={6} wrap="nowrap">
        <IconCopy size={16} aria-hidden style={{ flexShrink: 0 }} />
        {pages === true ? (
          <Anchor size="sm" renderRoot={(props) => <Link {...props} to="/replication/$list" params={{ list: String(list.id) }} />}>
            {words}
          </Anchor>
        ) : (
          <Text size="sm">{words}</Text>
        )}
      </Group>
      <ReplicaMark list={list} />
    </>
  );
}
