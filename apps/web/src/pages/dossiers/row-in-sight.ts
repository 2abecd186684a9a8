import { useSearch } from '@tanstack/react-router';
import { useEffect, useEffectEvent } from 'react';
import type { Dossier } from '@dossier/protocol/dossier.ts';

/** Scrolls to the dossier that is open: the table follows who is paged to, and has the row for the focus when the dossier is closed. */
export function useRowInSight(dossiers: readonly Dossier[], show: (place: number) => void): void {
  const { open } = useSearch({ from: '/dossiers' });
  const isThere = dossiers.some(({ id }) => id === open);
  const follow = useEffectEvent((wanted: number) => show(dossiers.findIndex(({ id }) => id === wanted)));
  useEffect(() => {
    if (isThere && open !== undefined) follow(open);
  }, [open, isThere]);
}
