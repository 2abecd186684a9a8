import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDeleteWatchList, usePurgeWatchList } from '../../api/watch-lists.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useKeptWords, useTellDeleted } from '../../components/undo-toast.tsx';

export type Removal = 'purge' | 'delete';

/** Asks before a list is emptied, by its typed name, or an empty one deleted. */
export function RemovalDialog({ kind, list, onClose }: { kind: Removal; list: WatchList; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTellDeleted();
  const kept = useKeptWords();
  const purge = usePurgeWatchList();
  const remove = useDeleteWatchList();
  const mutation = kind === 'purge' ? purge : remove;
  const confirm = (): void => {
    whenDone<number | null | void>(mutation.mutateAsync(list.id), (inBin) => {
      tell(t(`watchLists.${kind}.done`, { name: list.name }), inBin ?? null);
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
      {kind === 'purge' ? `${t('watchLists.purge.text', { count: list.dossier_count })} ${kept}` : t('watchLists.delete.text')}
    </ConfirmDialog>
  );
}
