import { useTranslation } from 'react-i18next';
import type { UserDetails } from '@dossier/protocol/user.ts';
import { useResetSecondFactor } from '../../api/second-factor.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useEndedWords } from '../../components/ended.ts';
import { useTell } from '../../components/tell.ts';

/** Asks before a user's second factor is taken away. */
export function SecondFactorReset({ user, onClose }: { user: UserDetails; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const endedWords = useEndedWords();
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
            tell(`${t('secondFactor.users.resetDone', { name })} ${endedWords({ sessions, tokens: 0 })}`.trim());
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
