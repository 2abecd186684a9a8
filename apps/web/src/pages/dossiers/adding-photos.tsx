import { Button, Group, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useTell } from '../../components/tell.ts';
import { UploadList } from './upload-list.tsx';
import type { Uploads } from './use-uploads.ts';

/** A dossier is made, and its photos are on their way: those that fail are tried again, or left out knowingly. */
export function AddingPhotos({ dossier, uploads, onDone }: { dossier: Dossier; uploads: Uploads; onDone: () => void }) {
  const { t } = useTranslation();
  const tell = useTell();
  const { name } = dossier;
  const failed = uploads.list.filter(({ error }) => error !== null).length;
  const busy = failed < uploads.list.length;
  const leave = (): void => {
    if (failed > 0) tell(t('photos.upload.without', { name, count: failed }));
    onDone();
  };
  const isDone = uploads.list.length === 0;
  useEffect(() => {
    if (isDone) onDone();
  }, [isDone, onDone]);
  return (
    // What is on its way may still fail, and there would be nobody to hear of it.
    <Dialog closable={!busy} title={t(failed > 0 ? 'photos.upload.made' : 'photos.upload.adding', { name })} onClose={leave}>
      <Stack>
        {failed > 0 && <Text size="sm">{t('photos.upload.madeText')}</Text>}
        <UploadList dossier={dossier.id} uploads={uploads} />
        <Group justify="flex-end">
          <Button variant="default" onClick={leave} disabled={busy}>
            {t('photos.upload.openAnyway')}
          </Button>
          <Button onClick={() => void uploads.retry(dossier.id)} loading={busy}>
            {t('common.retry')}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
