import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useForgetSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { isInvited } from './site-standing.ts';

/** Takes back an invitation that nobody used, or forgets a site that speaks by the token alone. */
export function ForgetDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const navigate = useNavigate();
  const forget = useForgetSite();
  const invited = isInvited(site);
  const { name } = site;
  const confirm = (): void =>
    whenDone(forget.mutateAsync(site.id), () => {
      tell(invited ? t('sites.invited.takenBack', { name }) : t('sites.forget.done', { name }));
      onClose();
      void navigate({ to: '/sites' });
    });
  return (
    <ConfirmDialog
      title={invited ? t('sites.invited.takeBackTitle', { name }) : t('sites.forget.title', { name })}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={invited ? t('sites.invited.takeBackButton') : t('sites.forget.button')}
      busy={forget.isPending}
      error={forget.error}
    >
      {invited ? t('sites.invited.takeBackText') : t('sites.forget.text')}
    </ConfirmDialog>
  );
}
