import { useTranslation } from 'react-i18next';
import type { Held } from '@dossier/protocol/held.ts';
import { useRejectHeld } from '../../api/held.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** Keeps the list as it is until the master's list changes. */
export function RejectDialog({ list, held, onClose }: { list: number; held: Held; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const reject = useRejectHeld();
  const confirm = (): void =>
    whenDone(reject.mutateAsync({ list, difference: held.difference }), () => {
      tell(t('replication.held.rejected'));
      onClose();
    });
  return (
    <ConfirmDialog
      title={t('replication.held.rejectTitle')}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('replication.held.rejectNow')}
      busy={reject.isPending}
      error={reject.error}
    >
      {t('replication.held.rejectText')}
    </ConfirmDialog>
  );
}
