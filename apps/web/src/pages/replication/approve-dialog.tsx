import { useTranslation } from 'react-i18next';
import type { Held } from '@dossier/protocol/held.ts';
import { useApproveHeld } from '../../api/held.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';

interface ApproveDialogProps {
  readonly list: number;
  readonly held: Held;
  readonly name: string;
  readonly onClose: () => void;
}

/** Lets the held sync be applied, exactly as it was shown. */
export function ApproveDialog({ list, held, name, onClose }: ApproveDialogProps) {
  const { t } = useTranslation();
  const tell = useTell();
  const approve = useApproveHeld();
  const confirm = (): void =>
    whenDone(approve.mutateAsync({ list, difference: held.difference }), (made) => {
      tell(t('remote_url' in made ? 'replication.held.approvedFirst' : 'replication.held.approved'));
      onClose();
    });
  return (
    <ConfirmDialog
      title={t('replication.held.approveTitle')}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('replication.held.approveNow')}
      {...(held.removing > 0 && { typed: name })}
      busy={approve.isPending}
      error={approve.error}
    >
      {t('replication.held.approveText', { adding: held.adding, changing: held.changing, removing: held.removing })}
    </ConfirmDialog>
  );
}
