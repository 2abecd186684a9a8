import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { inPlace } from '../../address.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { useProblemWords } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';
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

type Pages = ReturnType<typeof useDossierPages>['data'];

/** In the order of the table. Copies that differ come one after another, all with one id. */
function idsOf(data: Pages): number[] {
  return [...new Set(data?.pages.flatMap(({ results }) => results.map((dossier) => dossier.id)))];
}

function idAfter(id: number, data: Pages): number | undefined {
  const ids = idsOf(data);
  return ids.includes(id) ? ids[ids.indexOf(id) + 1] : undefined;
}

/** The neighbours of the dossier in what is filtered and ordered as the address says. */
export function useNeighbours(id: number): Neighbours {
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const router = useRouter();
  const { t } = useTranslation();
  const tell = useTell();
  const wordsOf = useProblemWords();
  const pages = useDossierPages(queryOf(search));
  const ids = idsOf(pages.data);
  const place = ids.indexOf(id);
  const go = (to: number | undefined): void => {
    // Replaces the address: going back leads out of the dossiers, not through all that were paged over.
    if (to !== undefined) void navigate({ search: (before) => ({ ...before, open: to }), ...inPlace });
  };
  const isStillOpen = (): boolean => {
    const { pathname, search: now } = router.state.location;
    return pathname === '/dossiers' && now.open === id;
  };
  const readOn = async (): Promise<void> => {
    let read = await pages.fetchNextPage({ cancelRefetch: false });
    // What was on its way may have been the pages that are there, read anew.
    if (!read.isError && read.hasNextPage && idAfter(id, read.data) === undefined)
      read = await pages.fetchNextPage({ cancelRefetch: false });
    // The person may have closed it meanwhile, or gone elsewhere.
    if (!isStillOpen()) return;
    if (read.isError) tell(`${t('common.couldNotLoad')}: ${wordsOf(read.error).text}`);
    else go(idAfter(id, read.data));
  };
  if (place < 0) return { previous: undefined, next: undefined, reading: false };
  const [before, after] = [ids[place - 1], ids[place + 1]];
  return {
    previous: before === undefined ? undefined : () => go(before),
    next: after !== undefined ? () => go(after) : pages.hasNextPage ? () => void readOn() : undefined,
    reading: pages.isFetchingNextPage,
  };
}
