import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useAcceptSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useTell } from '../../components/tell.ts';

/** Puts an alert about a site to rest. */
export function RestDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const accept = useAcceptSite();
  const confirm = (): void =>
    whenDone(accept.mutateAsync({ id: site.id }), () => {
      tell(t('sites.rest.done', { name: site.name }));
      onClose();
    });
  return (
    <ConfirmDialog
      title={t('sites.rest.title')}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('sites.rest.button')}
      busy={accept.isPending}
      error={accept.error}
    >
      {t('sites.rest.text')}
    </ConfirmDialog>
  );
}
