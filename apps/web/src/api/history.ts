import { useInfiniteQuery } from '@tanstack/react-query';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import type { HistoryEntry } from '@dossier/protocol/history.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { Problem } from './problem.ts';
import { read } from './request.ts';

const pageSize = 20;
const historyPage = pageOf(historyEntrySchema);

/** What became of a dossier, newest first, page after page. */
export function useHistory(dossier: number) {
  return useHistoryPages(keys.history(dossier), `/dossiers/${dossier}/history/`);
}

/** What a sync run did to dossiers, page after page. */
export function useRunHistory({ list, run }: { list: number; run: number }) {
  return useHistoryPages(keys.runHistory(list, run), `/sync/dossier-lists/${list}/runs/${run}/history/`);
}

function useHistoryPages(queryKey: readonly unknown[], path: string) {
  return useInfiniteQuery({
    queryKey,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => read(historyPage, path, { query: { page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}

/** What became of a dossier last; null where nothing is kept of that, or it isn't for this person. */
export async function readLastDeed(dossier: number): Promise<HistoryEntry | null> {
  try {
    const { results } = await read(historyPage, `/dossiers/${dossier}/history/`, { query: { limit: 1 } });
    return results[0] ?? null;
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return null;
    throw error;
  }
}
