import { Text, UnstyledButton } from '@mantine/core';
import { IconUser } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dossier, DossierFace } from '@dossier/protocol/dossier.ts';
import { photoAddress, useDeletePhoto, useOrderPhotos, usePhotos } from '../../api/photos.ts';
import type { Tagged } from '../../api/tagged.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { DropArea } from '../../components/drop-area.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { moved } from '../../components/moved.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { RowMenu } from '../../components/row-menu.tsx';
import { SortablePhotos } from '../../components/sortable-photos.tsx';
import { Duplicates } from './duplicates.tsx';
import { PhotoViewer } from './photo-viewer.tsx';
import classes from './photos.module.css';
import { takenTypes } from './taken-types.ts';
import { UploadList } from './upload-list.tsx';
import { useHolders } from './use-holders.ts';
import { useUploads } from './use-uploads.ts';

/** The face of a dossier and its other photos; who may change it puts them in order here, and drops new ones. */
export function Photos({ read, editable }: { read: Tagged<Dossier>; editable: boolean }) {
  const { t } = useTranslation();
  const photos = usePhotos(read.value.id);
  return (
    <section aria-label={t('dossiers.photos')}>
      <Loaded query={photos}>{(found) => <Gallery read={read} photos={found} editable={editable} />}</Loaded>
      {editable && <Uploading dossier={read.value.id} />}
    </section>
  );
}

function Gallery({ read, photos, editable }: { read: Tagged<Dossier>; photos: readonly DossierFace[]; editable: boolean }) {
  const { t } = useTranslation();
  const order = useOrderPhotos(read.value.id);
  const [looked, setLooked] = useState<number | null>(null);
  const [leaving, setLeaving] = useState<DossierFace | null>(null);
  const [face] = photos;
  if (face === undefined) return <Nobody />;
  const labelOf = (index: number): string => t('photos.number', { number: index + 1, count: photos.length });
  const shown = photos.map((photo, index) => ({ key: photo.id, src: photoAddress(photo.id, 'thumbnail'), label: labelOf(index), photo }));
  const put = (from: number, to: number): void => order.mutate(moved(photos, from, to));
  const actionsOf = (photo: DossierFace, index: number) => [
    ...(index > 0 ? [{ label: t('photos.makeFace'), onClick: () => put(index, 0) }] : []),
    ...(index > 1 ? [{ label: t('photos.earlier'), onClick: () => put(index, index - 1) }] : []),
    ...(index < photos.length - 1 ? [{ label: t('photos.later'), onClick: () => put(index, index + 1) }] : []),
    { label: t('common.delete'), danger: true, onClick: () => setLeaving(photo) },
  ];
  return (
    <>
      <UnstyledButton onClick={() => setLooked(0)} aria-label={t('photos.open', { label: labelOf(0) })} mb="xs">
        <img className={classes.face} src={photoAddress(face.id, 'rendition')} alt="" title={t('photos.face')} />
      </UnstyledButton>
      {(editable || photos.length > 1) && (
        <SortablePhotos
          photos={shown}
          label={t('dossiers.photos')}
          onOrder={editable ? (ordered) => order.mutate(ordered.map(({ photo }) => photo)) : null}
        >
          {({ photo, label }, index, picture) => (
            <>
              <UnstyledButton
                className={classes.open ?? ''}
                onClick={() => setLooked(index)}
                aria-label={t('photos.open', { label })}
                aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"
              >
                {picture}
              </UnstyledButton>
              {editable && (
                <div className={classes.menu}>
                  <RowMenu name={label} actions={actionsOf(photo, index)} />
                </div>
              )}
            </>
          )}
        </SortablePhotos>
      )}
      {editable && photos.length > 1 && (
        <Text size="xs" c="dimmed" mt={4}>
          {t('photos.orderHint')}
        </Text>
      )}
      <ProblemAlert error={order.error} />
      {looked !== null && (
        <PhotoViewer
          name={read.value.name}
          photos={photos}
          at={Math.min(looked, photos.length - 1)}
          onMove={setLooked}
          onClose={() => setLooked(null)}
        />
      )}
      {leaving !== null && (
        <Removal photo={leaving} label={labelOf(photos.findIndex(({ id }) => id === leaving.id))} onClose={() => setLeaving(null)} />
      )}
    </>
  );
}

function Nobody() {
  const { t } = useTranslation();
  return (
    <div className={`${classes.face} ${classes.nobody}`}>
      <div>
        <IconUser size={40} aria-hidden />
        <Text size="sm">{t('dossiers.noPhoto')}</Text>
      </div>
    </div>
  );
}

function Removal({ photo, label, onClose }: { photo: DossierFace; label: string; onClose: () => void }) {
  const { t } = useTranslation();
  const remove = useDeletePhoto(photo.dossier);
  return (
    <ConfirmDialog
      title={t('photos.remove', { label })}
      onClose={onClose}
      onConfirm={() => remove.mutate(photo.id, { onSuccess: onClose })}
      confirmLabel={t('common.delete')}
      busy={remove.isPending}
      error={remove.error}
    >
      <img className={classes.face} src={photoAddress(photo.id, 'thumbnail')} alt={label} />
      {t('photos.removeText')}
    </ConfirmDialog>
  );
}

function Uploading({ dossier }: { dossier: number }) {
  const { t } = useTranslation();
  const { holders, ask } = useHolders();
  const uploads = useUploads((photo) => void ask(photo.sha256, dossier));
  return (
    <>
      <DropArea
        label={t('dossiers.dropPhotos')}
        hint={t('dossiers.dropPhotosHint')}
        accept={takenTypes}
        multiple
        onFiles={(files) => void uploads.send(dossier, files)}
      />
      <UploadList dossier={dossier} uploads={uploads} />
      <Duplicates found={holders} title={t('duplicates.photo')} />
    </>
  );
}
