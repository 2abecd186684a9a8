import { Trans, useTranslation } from 'react-i18next';
import type { Undo } from '@dossier/protocol/held.ts';
import { useUndo } from '../../api/held.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { When } from '../../components/when.tsx';

/** Takes back what the last applied sync did. */
export function UndoDialog({ list, undo, onClose }: { list: number; undo: Undo; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const mutation = useUndo();
  const confirm = (): void =>
    whenDone(mutation.mutateAsync(list), () => {
      tell(t('replication.undo.done'));
      onClose();
    });
  return (
    <ConfirmDialog
      title={t('replication.undo.title')}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('replication.undo.button')}
      busy={mutation.isPending}
      error={mutation.error}
    >
      <Trans t={t} i18nKey="replication.undo.text" components={{ time: <When time={undo.applied_date} /> }} />
    </ConfirmDialog>
  );
}
