import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import type { z } from 'zod';
import { binnedDossierSchema, deletionHeader, deletionSchema, restoredSchema, takenBackSchema } from '@dossier/protocol/bin.ts';
import type { Restored, restoration, TakenBack } from '@dossier/protocol/bin.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { useForget } from './forget.ts';
import { keys } from './keys.ts';
import { command, exchange, read, send } from './request.ts';
import type { Query } from './request.ts';

const pageSize = 100;

/** Dossiers in the bin, the newest deletion first, page after page. */
export function useBin(query: Query) {
  return useInfiniteQuery({
    queryKey: keys.binPages(query),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(binnedDossierSchema), '/bin/', { query: { ...query, page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}

/** Deletions that took many at once, newest first, page after page. */
export function useDeletions() {
  return useInfiniteQuery({
    queryKey: keys.deletions,
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(deletionSchema), '/bin/deletions/', { query: { page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}

const changed = [keys.bin, keys.imports, keys.dossiers, keys.watchLists] as const;

export function useRestore() {
  return useMutation({
    mutationFn: (body: z.input<typeof restoration>): Promise<Restored> => send(restoredSchema, ['POST', '/bin/restore/'], { body }),
    onSuccess: useForget(...changed),
  });
}

/** What to erase: a dossier, what a deletion took, or all that is in the bin. */
export type Erasable = { dossier: number } | { deletion: number } | 'all';

export function useErase() {
  return useMutation({
    mutationFn: (what: Erasable) => command(['DELETE', pathOf(what)]),
    onSuccess: useForget(...changed),
  });
}

function pathOf(what: Erasable): string {
  if (what === 'all') return '/bin/';
  return 'dossier' in what ? `/bin/${what.dossier}/` : `/bin/deletions/${what.deletion}/`;
}

/** Takes an import back, or says what that would do. */
export function useTakeBack() {
  const forget = useForget(...changed);
  return useMutation({
    mutationFn: ({ id, preview }: { id: string; preview: boolean }): Promise<TakenBack> =>
      send(takenBackSchema, ['POST', `/imports/${id}/undo/`], { query: { preview } }),
    onSuccess: async ({ preview }) => void (preview || (await forget())),
  });
}

/** Sends a change that deletes; returns the deletion in the bin by which it can be taken back, null where there is none. */
export async function deleting(
  [method, path]: readonly [method: 'POST' | 'DELETE', path: string],
  headers: Record<string, string>,
): Promise<number | null> {
  const response = await exchange(method, path, { headers });
  await response.arrayBuffer();
  const deletion = response.headers.get(deletionHeader);
  return deletion === null ? null : Number(deletion);
}
