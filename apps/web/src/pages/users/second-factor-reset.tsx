import { useTranslation } from 'react-i18next';
import type { UserDetails } from '@dossier/protocol/user.ts';
import { useResetSecondFactor } from '../../api/second-factor.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTellEnded } from '../../components/tell-ended.ts';

/** Asks before a user's second factor is taken away. */
export function SecondFactorReset({ user, onClose }: { user: UserDetails; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTellEnded();
  const reset = useResetSecondFactor();
  const { id, name } = user;
  return (
    <ConfirmDialog
      title={t('secondFactor.users.resetTitle', { name })}
      onClose={onClose}
      onConfirm={() =>
        reset.mutate(id, {
          onSuccess({ sessions }) {
            onClose();
            tell(t('secondFactor.users.resetDone', { name }), { sessions, tokens: 0 });
          },
        })
      }
      confirmLabel={t('secondFactor.users.resetConfirm')}
      busy={reset.isPending}
      error={reset.error}
    >
      {t('secondFactor.users.resetText')}
    </ConfirmDialog>
  );
}
