import { Button, Group, Paper, Text } from '@mantine/core';
import { IconEdit, IconFolders, IconTrash, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useCountFound } from '../../api/bulk.ts';
import type { BulkFilter, BulkTarget } from '../../api/bulk.ts';
import { useIsLimited } from '../../api/session.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { BulkDeleteDialog } from './bulk-delete-dialog.tsx';
import { BulkEditDialog } from './bulk-edit-dialog.tsx';
import { BulkExport } from './bulk-export.tsx';
import { BulkListsDialog } from './bulk-lists-dialog.tsx';
import type { Selection } from './selection.ts';

interface BulkBarProps {
  readonly selection: Selection;
  /** What the dossiers on view were found by. */
  readonly filter: BulkFilter;
  /** Whether more are found than are loaded. */
  readonly more: boolean;
  readonly lists: readonly WatchList[];
  /** Those that are loaded. */
  readonly dossiers: readonly Dossier[];
  /** Whether the person may change dossiers here. */
  readonly editable: boolean;
}

/** What is about to be done, with those who were selected then. */
interface Opened {
  readonly what: 'edit' | 'lists' | 'delete';
  readonly target: BulkTarget;
  readonly count: number;
}

/** How many dossiers are selected, and what can be done with them. Further actions have their place here. */
export function BulkBar({ selection, filter, more, lists, dossiers, editable }: BulkBarProps) {
  const { t } = useTranslation();
  const isLimited = useIsLimited();
  const [opened, setOpened] = useState<Opened | null>(null);
  const { found, chosen, count } = selection;
  const target: BulkTarget =
    found === null
      ? { kind: 'chosen', dossiers: [...chosen].map(([id, date]) => ({ id, modified_date: date })) }
      : { kind: 'found', filter, count, state: found.state };
  const open = (what: Opened['what']): void => setOpened({ what, target, count });
  const dialog = opened && { target: opened.target, count: opened.count, onClose: () => setOpened(null), onDone: selection.clear };
  if (count === 0 && opened === null) return null;
  return (
    <Paper withBorder p="xs" mb="xs" role="region" aria-label={t('bulk.region')}>
      <Group gap="xs">
        <Text size="sm" fw={600} role="status">
          {t(found === null ? 'bulk.selected' : 'bulk.found', { count })}
        </Text>
        {more && found === null && <SelectFound selection={selection} filter={filter} />}
        <Button size="xs" variant="subtle" leftSection={<IconX size={16} aria-hidden />} onClick={selection.clear}>
          {t('bulk.clear')}
        </Button>
        <Group gap="xs" ml="auto">
          <BulkExport target={target} />
          {editable && !isLimited && <EditButtons onOpen={open} />}
        </Group>
      </Group>
      {dialog && opened.what === 'edit' && <BulkEditDialog {...dialog} lists={listsOf(selection, { lists, dossiers, filter })} />}
      {dialog && opened.what === 'lists' && (
        <BulkListsDialog {...dialog} lists={lists.filter((list) => list.replica === null)} from={filter.dossier_lists?.[0]} />
      )}
      {dialog && opened.what === 'delete' && <BulkDeleteDialog {...dialog} />}
    </Paper>
  );
}

/** What may be done with them besides taking them out. */
function EditButtons({ onOpen }: { onOpen: (what: Opened['what']) => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Button size="xs" variant="default" leftSection={<IconEdit size={16} aria-hidden />} onClick={() => onOpen('edit')}>
        {t('bulk.edit')}
      </Button>
      <Button size="xs" variant="default" leftSection={<IconFolders size={16} aria-hidden />} onClick={() => onOpen('lists')}>
        {t('bulk.lists')}
      </Button>
      <Button
        size="xs"
        variant="default"
        className="danger"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => onOpen('delete')}
      >
        {t('bulk.delete')}
      </Button>
    </>
  );
}

/** The lists that those who are selected are in, as far as it is known: one that isn't loaded may be in any that was looked through. */
function listsOf(
  { chosen }: Selection,
  { lists, dossiers, filter }: Pick<BulkBarProps, 'lists' | 'dossiers' | 'filter'>,
): readonly WatchList[] {
  const known = dossiers.filter(({ id }) => chosen.has(id));
  // Copies that differ have one id.
  if (chosen.size > 0 && new Set(known.map(({ id }) => id)).size === chosen.size) {
    return lists.filter(({ id }) => known.some(({ dossier_lists: theirs }) => theirs.includes(id)));
  }
  return lists.filter(({ id }) => filter.dossier_lists === undefined || filter.dossier_lists.includes(id));
}

/** Selects also what isn't loaded. */
function SelectFound({ selection, filter }: Pick<BulkBarProps, 'selection' | 'filter'>) {
  const { t } = useTranslation();
  const count = useCountFound();
  const tooMany = count.data?.count_is_more === true;
  return (
    <>
      <Button
        size="xs"
        variant="light"
        loading={count.isPending}
        onClick={() => count.mutate(filter, { onSuccess: (found) => !found.count_is_more && selection.chooseFound(found) })}
      >
        {t('bulk.selectFound')}
      </Button>
      <ProblemAlert error={tooMany ? t('bulk.foundTooMany') : count.error} />
    </>
  );
}
