import { ActionIcon, Anchor, Group, Text } from '@mantine/core';
import { useElementSize, useMergedRef } from '@mantine/hooks';
import { IconChevronLeft, IconChevronRight, IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react';
import { useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DossierFace } from '@dossier/protocol/dossier.ts';
import { photoAddress } from '../../api/photos.ts';
import { Dialog } from '../../components/dialog.tsx';
import { useWriting } from '../../format/moments.ts';
import classes from './photo-viewer.module.css';

interface PhotoViewerProps {
  readonly name: string;
  readonly photos: readonly DossierFace[];
  /** The place of the photo that is shown. */
  readonly at: number;
  readonly onMove: (at: number) => void;
  readonly onClose: () => void;
}

const closest = 8;
const step = 1.5;

/** The photos of a dossier one by one, as close as one wants, in true colours. */
export function PhotoViewer({ name, photos, at, onMove, onClose }: PhotoViewerProps) {
  const { t } = useTranslation();
  const [closeness, setCloseness] = useState(1);
  const photo = photos[at];
  if (photo === undefined) return null;
  const label = t('photos.number', { number: at + 1, count: photos.length });
  const go = (to: number): void => {
    if (to < 0 || to >= photos.length) return;
    setCloseness(1);
    onMove(to);
  };
  const zoom = (factor: number): void => setCloseness((before) => Math.min(closest, Math.max(1, before * factor)));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => go(at - 1),
    ArrowRight: () => go(at + 1),
    '+': () => zoom(step),
    '=': () => zoom(step),
    '-': () => zoom(1 / step),
    '0': () => setCloseness(1),
  };
  return (
    <Dialog title={t('photos.viewer.title', { name })} size="xl" onClose={onClose}>
      {/* The buttons below do the same. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        onKeyDown={(event) => {
          const act = event.ctrlKey || event.altKey || event.metaKey ? undefined : keys[event.key];
          // A photo that is larger than the window is moved by the arrow keys.
          if (act === undefined || (closeness > 1 && event.key.startsWith('Arrow'))) return;
          event.preventDefault();
          act();
        }}
      >
        <Stage photo={photo} closeness={closeness} alt={t('photos.viewer.picture', { label, name })} />
        <Group justify="space-between" gap="xs" mt="sm">
          <Group gap={4} wrap="nowrap">
            <Act label={t('photos.viewer.previous')} disabled={at === 0} onClick={() => go(at - 1)}>
              <IconChevronLeft size={20} aria-hidden />
            </Act>
            <Text size="sm" role="status">
              {label}
            </Text>
            <Act label={t('photos.viewer.next')} disabled={at === photos.length - 1} onClick={() => go(at + 1)}>
              <IconChevronRight size={20} aria-hidden />
            </Act>
          </Group>
          <Group gap={4} wrap="nowrap">
            <Act label={t('photos.viewer.further')} disabled={closeness === 1} onClick={() => zoom(1 / step)}>
              <IconZoomOut size={20} aria-hidden />
            </Act>
            <Act label={t('photos.viewer.fit')} disabled={closeness === 1} onClick={() => setCloseness(1)}>
              <IconZoomReset size={20} aria-hidden />
            </Act>
            <Act label={t('photos.viewer.closer')} disabled={closeness === closest} onClick={() => zoom(step)}>
              <IconZoomIn size={20} aria-hidden />
            </Act>
          </Group>
          <Original photo={photo} />
        </Group>
        <Text size="xs" c="dimmed" mt={4} visibleFrom="sm">
          {t('photos.viewer.keys')}
        </Text>
      </div>
    </Dialog>
  );
}

/** How large the photo is, and the way to its own bytes. */
function Original({ photo }: { photo: DossierFace }) {
  const { t } = useTranslation();
  const writing = useWriting();
  return (
    <Text size="sm" c="dimmed">
      {t('photos.sizes', { width: photo.width, height: photo.height, size: writing.bytes(photo.bytes) })} ·{' '}
      <Anchor size="sm" underline="always" href={photoAddress(photo.id, 'photo')} target="_blank">
        {t('photos.viewer.original')}
      </Anchor>
    </Text>
  );
}

/** The photo as large as fits, times its closeness; what doesn't fit then is scrolled to. */
function Stage({ photo, closeness, alt }: { photo: DossierFace; closeness: number; alt: string }) {
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const stage = useRef<HTMLDivElement>(null);
  const shown = useRef(closeness);
  const both = useMergedRef(ref, stage);
  useLayoutEffect(() => {
    if (stage.current === null || closeness === shown.current) return;
    shown.current = closeness;
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = stage.current;
    // Faces are rather above the middle.
    stage.current.scrollTo((scrollWidth - clientWidth) / 2, (scrollHeight - clientHeight) / 3);
  });
  const fit = Math.min(width / photo.width, height / photo.height);
  return (
    // What can be scrolled can be reached by the keyboard.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={both} className={classes.stage} tabIndex={0} role="region" aria-label={alt} data-autofocus>
      {width > 0 && (
        <img
          key={photo.id}
          className={classes.photo}
          src={photoAddress(photo.id, 'rendition')}
          alt={alt}
          style={{ width: photo.width * fit * closeness, height: photo.height * fit * closeness }}
        />
      )}
    </div>
  );
}

interface ActProps {
  readonly label: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Act({ label, disabled, onClick, children }: ActProps) {
  return (
    <ActionIcon variant="default" size="lg" aria-label={label} disabled={disabled} onClick={onClick}>
      {children}
    </ActionIcon>
  );
}
