import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useRevokeSite } from '../../api/sites.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { useTell } from '../../components/tell.ts';

/** Refuses a node that waits, for good. */
export function RefuseDialog({ site, onClose }: { site: Site; onClose: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const revoke = useRevokeSite();
  const confirm = (): void =>
    whenDone(revoke.mutateAsync({ id: site.id, reason: t('sites.refuse.reason') }), () => {
      tell(t('sites.refuse.done', { name: site.name }));
      onClose();
    });
  return (
    <ConfirmDialog
      title={t('sites.refuse.title', { name: site.name })}
      onClose={onClose}
      onConfirm={confirm}
      confirmLabel={t('sites.refuse.button')}
      busy={revoke.isPending}
      error={revoke.error}
    >
      {site.words !== null && (
        <p className="plain">
          <KeyWords words={site.words} large />
        </p>
      )}
      {t('sites.refuse.text')}
    </ConfirmDialog>
  );
}
