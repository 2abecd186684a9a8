import { ActionIcon, Anchor, Group, Progress, Text } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { photoAddress, uploadPhoto, useDeletePhoto, useForgetPhotos, usePhotos } from '../../api/photos.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { DropArea } from '../../components/drop-area.tsx';
import { useWriting } from '../../format/moments.ts';
import classes from './photos.module.css';

interface Upload {
  readonly key: number;
  readonly name: string;
  readonly part: number;
  readonly error: unknown;
}

const takenTypes = 'image/jpeg,image/png,image/webp';
let uploads = 0;

/** The photos of a dossier; who may change it drops new ones here. */
export function Photos({ dossier, editable }: { dossier: number; editable: boolean }) {
  const { t } = useTranslation();
  const photos = usePhotos(dossier);
  return (
    <section aria-label={t('dossiers.photos')}>
      <Loaded query={photos}>
        {(found) =>
          found.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('dossiers.noPhoto')}
            </Text>
          ) : (
            <ul className={classes.photos}>
              {found.map((photo, index) => (
                <Photo key={photo.id} photo={photo} label={t('dossiers.photoNumber', { number: index + 1 })} editable={editable} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {editable && <Uploads dossier={dossier} />}
    </section>
  );
}

function Photo({ photo, label, editable }: { photo: DossierFace; label: string; editable: boolean }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const remove = useDeletePhoto(photo.dossier);
  const [asking, setAsking] = useState(false);
  return (
    <li className={classes.item}>
      <Anchor href={photoAddress(photo, 'photo')} target="_blank">
        <img className={classes.photo} src={photoAddress(photo, 'thumbnail')} alt={label} />
      </Anchor>
      <Group justify="space-between" wrap="nowrap" gap={4}>
        <Text size="xs" c="dimmed">
          {photo.width} × {photo.height} · {writing.bytes(photo.bytes)}
        </Text>
        {editable && (
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            aria-label={t('dossiers.deletePhoto', { label })}
            onClick={() => setAsking(true)}
          >
            <IconTrash size={16} aria-hidden />
          </ActionIcon>
        )}
      </Group>
      {asking && (
        <ConfirmDialog
          title={t('dossiers.deletePhoto', { label })}
          onClose={() => setAsking(false)}
          onConfirm={() => remove.mutate(photo.id, { onSuccess: () => setAsking(false) })}
          confirmLabel={t('common.delete')}
          busy={remove.isPending}
          error={remove.error}
        >
          {t('dossiers.deletePhotoText')}
        </ConfirmDialog>
      )}
    </li>
  );
}

function Uploads({ dossier }: { dossier: number }) {
  const { t } = useTranslation();
  const wordsOf = useProblemWords();
  const forget = useForgetPhotos(dossier);
  const [running, setRunning] = useState<readonly Upload[]>([]);
  const change = (key: number, facts: Partial<Upload>): void =>
    setRunning((before) => before.map((upload) => (upload.key === key ? { ...upload, ...facts } : upload)));
  const take = async (files: readonly File[]): Promise<void> => {
    const added = files.map((file) => ({ file, upload: { key: (uploads += 1), name: file.name, part: 0, error: null } }));
    setRunning((before) => [...before.filter((upload) => upload.error === null), ...added.map(({ upload }) => upload)]);
    // One after the other: the node inspects each, and the line may be thin.
    for (const { file, upload } of added) {
      try {
        await uploadPhoto(dossier, file, (part) => change(upload.key, { part }));
        setRunning((before) => before.filter(({ key }) => key !== upload.key));
      } catch (error) {
        change(upload.key, { error });
      }
    }
    await forget();
  };
  return (
    <>
      <DropArea
        label={t('dossiers.dropPhotos')}
        hint={t('dossiers.dropPhotosHint')}
        accept={takenTypes}
        multiple
        onFiles={(files) => void take(files)}
      />
      <div role="status">
        {running.map(({ key, name, part, error }) => (
          <div key={key}>
            <Text size="sm" className="wrap" {...(error !== null && { c: 'var(--mantine-color-error)' })}>
              {name}
              {error !== null && `: ${wordsOf(error).text}`}
            </Text>
            {error === null && <Progress value={part * 100} aria-label={name} />}
          </div>
        ))}
      </div>
    </>
  );
}
