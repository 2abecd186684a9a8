import { Alert, Button } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { useDeleteDossier, useDossierDeletion } from '../../api/dossiers.ts';
import { useNode } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import type { Tagged } from '../../api/tagged.ts';
import { whenDone } from '../../api/when-done.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { useKeptWords, useTellDeleted } from '../../components/undo-toast.tsx';

/** There only where the dossier can be deleted: on a slave while the master is away, with the notice that it comes back. */
export function DeleteButton({ read: { value: dossier, tag }, onDeleted }: { read: Tagged<Dossier>; onDeleted: () => void }) {
  const { t } = useTranslation();
  const tell = useTellDeleted();
  const kept = useKeptWords();
  const operator = useMay('operator');
  const { data: node } = useNode();
  const deletion = useDossierDeletion(dossier.id, { enabled: operator });
  const remove = useDeleteDossier();
  const [asking, setAsking] = useState(false);
  if (deletion.data?.possible !== true) return null;
  const offline = node?.slave === true;
  const confirm = (): void => {
    whenDone(remove.mutateAsync({ id: dossier.id, tag }), (inBin) => {
      tell(t(offline ? 'dossiers.delete.doneOffline' : 'dossiers.delete.done', { name: dossier.name }), inBin);
      onDeleted();
    });
  };
  return (
    <>
      {offline && <Alert color="yellow">{t('dossiers.delete.offline')}</Alert>}
      <Button
        size="xs"
        variant="default"
        className="danger"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsking(true)}
      >
        {t('dossiers.delete.button')}
      </Button>
      {asking && (
        <ConfirmDialog
          title={t('dossiers.delete.title', { name: dossier.name })}
          onClose={() => setAsking(false)}
          onConfirm={confirm}
          confirmLabel={t('common.delete')}
          busy={remove.isPending}
          error={remove.error}
        >
          {offline ? t('dossiers.delete.offline') : `${t('dossiers.delete.text')} ${kept}`}
        </ConfirmDialog>
      )}
    </>
  );
}
