import { Button, Group, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Deletion, Restored } from '@dossier/protocol/bin.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import type { Erasing } from './erase-dialog.tsx';
import { useRestoring } from './use-restoring.tsx';

interface DeletionTableProps {
  readonly deletions: readonly Deletion[];
  /** Into which can be restored. */
  readonly lists: readonly WatchList[];
  readonly editable: boolean;
  readonly onRestored: (restored: Restored) => void;
  readonly onShow: (deletion: Deletion) => void;
  /** Left out for who may not. */
  readonly onErase?: (erasing: Erasing) => void;
}

const isHomeless = ({ dossier_lists: lists }: Deletion): boolean => lists.every(({ there }) => !there);

/** What a deletion did, in a sentence. */
export function useDeletionWords(): (deletion: Deletion) => string {
  const { t } = useTranslation();
  return ({ kind, dossier_lists: lists }) => t(`bin.kinds.${kind}`, { list: lists.map(({ name }) => name).join(', ') });
}

/** Deletions that took many at once, each to be restored as a whole. */
export function DeletionTable({ deletions, lists, editable, onRestored, onShow, onErase }: DeletionTableProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const wordsOf = useDeletionWords();
  const restoring = useRestoring({ lists, onRestored });
  const columns: Column<Deletion>[] = [
    { title: t('bin.what'), cell: (deletion) => <Name>{wordsOf(deletion)}</Name> },
    { title: t('watchLists.count'), align: 'right', cell: ({ dossiers }) => writing.number(dossiers) },
    { title: t('bin.deleted'), minor: true, cell: ({ deleted_date: date }) => <When time={date} /> },
    { title: t('bin.by'), minor: true, cell: ({ deleted_by: by }) => <Name>{by}</Name> },
    { title: t('bin.erased'), minor: true, cell: ({ erased_date: date }) => <When time={date} /> },
    {
      title: t('common.actions'),
      cell: (deletion) => (
        <Group gap="xs" wrap="nowrap">
          {editable && (
            <Button
              size="xs"
              variant="light"
              loading={restoring.busy?.deletion === deletion.id}
              onClick={() => restoring.restore({ deletion: deletion.id }, { homeless: isHomeless(deletion) })}
            >
              {t(isHomeless(deletion) ? 'bin.restoreInto' : 'bin.restoreAll')}
            </Button>
          )}
          <RowMenu
            name={wordsOf(deletion)}
            actions={[
              { label: t('bin.show'), onClick: () => onShow(deletion) },
              ...(onErase === undefined
                ? []
                : [{ label: t('bin.erase'), danger: true, onClick: () => onErase({ deletion: deletion.id, name: wordsOf(deletion) }) }]),
            ]}
          />
        </Group>
      ),
    },
  ];
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t('bin.together')}
      </Title>
      {restoring.outcome}
      <DataTable label={t('bin.together')} columns={columns} rows={deletions} rowKey={({ id }) => id} />
    </section>
  );
}
