import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDeleteWatchList, usePurgeWatchList } from '../../api/watch-lists.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';

export type Removal = 'purge' | 'delete';

/** Asks before a list is emptied, by its typed name, or an empty one deleted. */
export function RemovalDialog({ kind, list, onClose }: { kind: Removal; list: WatchList; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const purge = usePurgeWatchList();
  const remove = useDeleteWatchList();
  const mutation = kind === 'purge' ? purge : remove;
  const confirm = (): void => {
    whenDone(mutation.mutateAsync(list.id), () => {
      tell(t(`watchLists.${kind}.done`, { name: list.name }));
      onClose();
    });
  };
  return (
    <ConfirmDialog
      title={t(`watchLists.${kind}.title`, { name: list.name })}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t(`watchLists.${kind}.button`)}
      {...(kind === 'purge' && { typed: list.name })}
      busy={mutation.isPending}
      error={mutation.error}
    >
      {kind === 'purge' ? t('watchLists.purge.text', { count: list.dossier_count }) : t('watchLists.delete.text')}
    </ConfirmDialog>
  );
}
