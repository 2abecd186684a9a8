import { useState } from 'react';
import type { Duplicate } from '@dossier/protocol/duplicates.ts';
import { readPhotoHolders } from '../../api/duplicates.ts';

/** Other dossiers that show photos which were just added. */
export function useHolders(): { holders: readonly Duplicate[]; ask(sha256: string, except: number): Promise<void> } {
  const [holders, setHolders] = useState<readonly Duplicate[]>([]);
  return {
    holders,
    async ask(sha256, except) {
      // A warning that can't be had is no fault of the photo, which is added.
      const found = await readPhotoHolders(sha256, except).catch(() => []);
      setHolders((before) => [...before, ...found.filter(({ id }) => !before.some((known) => known.id === id))]);
    },
  };
}
