import { useState } from 'react';
import type { Duplicate } from '@dossier/protocol/duplicates.ts';
import { checkPhoto, readPhotoHolders } from '../../api/duplicates.ts';
import { Problem } from '../../api/problem.ts';
import type { SortablePhoto } from '../../components/sortable-photos.tsx';

/** A photo for a dossier that isn't made yet. */
export interface ChosenPhoto extends SortablePhoto {
  readonly file: File;
  /** Why the node would not take it, if that is known. */
  readonly refusal?: Problem;
  /** Dossiers that show it already, if that is known. */
  readonly holders?: readonly Duplicate[];
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
  /** One after the other: the node decodes each. What can't be asked now is told when the photo is added. */
  const checkAll = async (photos: readonly ChosenPhoto[]): Promise<void> => {
    for (const { key, file } of photos) {
      const known = await verdictOn(file);
      setList((before) => before.map((photo) => (photo.key === key ? { ...photo, ...known } : photo)));
    }
  };
  return {
    list,
    add(files) {
      const added = files.map((file) => ({ key: `chosen ${(chosen += 1)}`, src: URL.createObjectURL(file), label: file.name, file }));
      const all = [...list, ...added];
      setList(all);
      void checkAll(added);
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

async function verdictOn(file: File): Promise<Pick<ChosenPhoto, 'refusal' | 'holders'>> {
  try {
    const { sha256 } = await checkPhoto(file);
    return { holders: await readPhotoHolders(sha256) };
  } catch (error) {
    return error instanceof Problem && [400, 413, 415].includes(error.status) ? { refusal: error } : {};
  }
}
