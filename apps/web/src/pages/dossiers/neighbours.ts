import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDossierPages } from '../../api/dossiers.ts';
import { queryOf } from './filter.ts';

/** The ways from an open dossier to those beside it, in the order of the table. */
export interface Neighbours {
  /** Undefined at the first one, and where it isn't in the table. */
  readonly previous: (() => void) | undefined;
  /** Reads on where the next one isn't loaded yet; undefined at the last one. */
  readonly next: (() => void) | undefined;
  /** While the next page is on its way. */
  readonly reading: boolean;
}

/** The neighbours of the dossier in what is filtered and ordered as the address says. */
export function useNeighbours(id: number): Neighbours {
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const pages = useDossierPages(queryOf(search));
  // Copies that differ come one after another, all with one id.
  const ids = [...new Set(pages.data?.pages.flatMap(({ results }) => results.map((dossier) => dossier.id)))];
  const place = ids.indexOf(id);
  const go = (to: number | undefined): void => {
    // Replaces the address: going back leads out of the dossiers, not through all that were paged over.
    if (to !== undefined) void navigate({ search: (before) => ({ ...before, open: to }), replace: true, resetScroll: false });
  };
  const readOn = async (): Promise<void> => {
    const { data } = await pages.fetchNextPage({ cancelRefetch: false });
    const all = [...new Set(data?.pages.flatMap(({ results }) => results.map((dossier) => dossier.id)))];
    if (all.includes(id)) go(all[all.indexOf(id) + 1]);
  };
  if (place < 0) return { previous: undefined, next: undefined, reading: false };
  const [before, after] = [ids[place - 1], ids[place + 1]];
  return {
    previous: before === undefined ? undefined : () => go(before),
    next: after !== undefined ? () => go(after) : pages.hasNextPage ? () => void readOn() : undefined,
    reading: pages.isFetchingNextPage,
  };
}
