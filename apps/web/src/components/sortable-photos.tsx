import { useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { moved } from './moved.ts';
import classes from './sortable-photos.module.css';

export interface SortablePhoto {
  readonly key: string;
  readonly src: string;
  /** What it is called by who doesn't see it. */
  readonly label: string;
}

interface SortablePhotosProps<Photo extends SortablePhoto> {
  readonly photos: readonly Photo[];
  /** What is in the list, for who doesn't see it. */
  readonly label: string;
  /** Called with another order; null: nobody may change it. */
  readonly onOrder: ((photos: Photo[]) => void) | null;
  /** The picture of a photo in the button that is its own, and whatever stands beside. */
  readonly children: (photo: Photo, index: number, picture: ReactNode) => ReactNode;
}

/** Photos in their order, the first of them the face: dragged by the mouse, or moved by Alt and the arrow keys. */
export function SortablePhotos<Photo extends SortablePhoto>({ photos, label, onOrder, children }: SortablePhotosProps<Photo>) {
  const { t } = useTranslation();
  const [carried, setCarried] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [told, setTold] = useState('');
  const { list, awaitFocus } = useFocusOnMoved(photos);
  const move = (from: number, to: number): void => {
    const photo = photos[from];
    if (onOrder === null || photo === undefined || from === to || to < 0 || to >= photos.length) return;
    onOrder(moved(photos, from, to));
    setTold(t('photos.moved', { label: photo.label, place: to + 1, count: photos.length }));
  };
  const moveByKey = (event: KeyboardEvent, index: number): void => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!event.altKey || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    awaitFocus(photos[index]?.key ?? '', index + step);
    move(index, index + step);
  };
  const end = (): void => {
    setCarried(null);
    setOver(null);
  };
  return (
    <>
      <ul ref={list} className={classes.photos} aria-label={label}>
        {photos.map((photo, index) => (
          // Dragging is for the mouse; the keys do the same.
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
          <li
            key={photo.key}
            className={classes.item}
            data-sortable={onOrder !== null}
            data-carried={carried === index}
            data-over={carried !== null && over === index && carried !== index}
            draggable={onOrder !== null}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              event.dataTransfer.setData('text/plain', photo.label);
              setCarried(index);
            }}
            onDragOver={(event) => {
              if (carried === null) return;
              event.preventDefault();
              setOver(index);
            }}
            onDrop={(event) => {
              if (carried === null) return;
              event.preventDefault();
              event.stopPropagation();
              move(carried, index);
              end();
            }}
            onDragEnd={end}
            onKeyDown={(event) => moveByKey(event, index)}
          >
            {children(photo, index, <img className={classes.photo} src={photo.src} alt={photo.label} draggable={false} />)}
          </li>
        ))}
      </ul>
      <div className="unseen" role="status">
        {told}
      </div>
    </>
  );
}

/** Keeps the focus on a photo that is moved by keys, once it stands in its new place: browsers take it from what is moved in the page. */
function useFocusOnMoved(photos: readonly SortablePhoto[]) {
  const list = useRef<HTMLUListElement>(null);
  const awaited = useRef<{ key: string; place: number } | null>(null);
  useLayoutEffect(() => {
    const { key, place } = awaited.current ?? { key: '', place: 0 };
    if (photos[place]?.key !== key) return;
    awaited.current = null;
    list.current?.children[place]?.querySelector<HTMLElement>('button, [tabindex]')?.focus();
  });
  return { list, awaitFocus: (key: string, place: number): void => void (awaited.current = { key, place }) };
}
