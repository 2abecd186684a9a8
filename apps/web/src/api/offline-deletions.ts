import { useInfiniteQuery } from '@tanstack/react-query';
import { offlineDeletionSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { read } from './request.ts';

const pageSize = 100;

/** Dossiers of replicas that were deleted here while their master was away, newest first, page after page. */
export function useOfflineDeletions({ settled }: { settled: boolean | undefined }) {
  return useInfiniteQuery({
    queryKey: keys.offlineDeletionPages(settled),
    initialPageParam: '',
    refetchInterval: 30_000,
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(offlineDeletionSchema), '/sync/offline-deletions/', { query: { settled, page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}
