import { useState } from 'react';
import type { SortablePhoto } from '../../components/sortable-photos.tsx';

/** A photo for a dossier that isn't made yet. */
export interface ChosenPhoto extends SortablePhoto {
  readonly file: File;
}

export interface ChosenPhotos {
  readonly list: readonly ChosenPhoto[];
  /** Returns all that are chosen then. */
  add(files: readonly File[]): readonly ChosenPhoto[];
  order(photos: readonly ChosenPhoto[]): void;
  leaveOut(key: string): void;
  clear(): void;
}

let chosen = 0;

/** Photos that were chosen for a new dossier, the face first. Kept where the form may be closed and opened again. */
export function useChosenPhotos(): ChosenPhotos {
  const [list, setList] = useState<readonly ChosenPhoto[]>([]);
  const release = (photos: readonly ChosenPhoto[]): void => {
    for (const { src } of photos) URL.revokeObjectURL(src);
  };
  return {
    list,
    add(files) {
      const added = files.map((file) => ({ key: `chosen ${(chosen += 1)}`, src: URL.createObjectURL(file), label: file.name, file }));
      const all = [...list, ...added];
      setList(all);
      return all;
    },
    order: setList,
    leaveOut(key) {
      release(list.filter((photo) => photo.key === key));
      setList(list.filter((photo) => photo.key !== key));
    },
    clear() {
      release(list);
      setList([]);
    },
  };
}
