import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { watchListChange, watchListCreation, WatchList } from '@dossier/protocol/watch-list.ts';
import { deleting } from './bin.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, send } from './request.ts';
import { ifMatch, readTagged } from './tagged.ts';
import type { Tagged } from './tagged.ts';

/** All watch lists of this node, by id. */
export function useWatchLists() {
  return useQuery({
    queryKey: keys.watchLists,
    refetchInterval: 30_000,
    queryFn: ({ signal }) => readAll(pageOf(watchListSchema), '/dossier-lists/', { signal }),
  });
}

/** What a list of this node is called; its number as long as that isn't known, or the list is gone. */
export function useListName(): (id: number) => string {
  const { data: lists } = useWatchLists();
  return (id) => lists?.find((list) => list.id === id)?.name ?? String(id);
}

/** The list as it is now. Throws Problem. */
export async function readWatchList(id: number, signal?: AbortSignal): Promise<Tagged<WatchList>> {
  return readTagged(watchListSchema, `/dossier-lists/${id}/`, signal);
}

/** One list with its tag, read anew by whoever is about to change it. */
export function useWatchList(id: number) {
  return useQuery({ queryKey: keys.watchList(id), queryFn: ({ signal }) => readWatchList(id, signal), staleTime: 0, gcTime: 0 });
}

export function useCreateWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: z.input<typeof watchListCreation>): Promise<WatchList> =>
      send(watchListSchema, ['POST', '/dossier-lists/'], { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.watchLists }),
  });
}

export function useChangeWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, tag, body }: { id: number; tag: string; body: z.input<typeof watchListChange> }): Promise<WatchList> =>
      send(watchListSchema, ['PATCH', `/dossier-lists/${id}/`], { body, headers: ifMatch(tag) }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.watchLists }),
  });
}

export function useDeleteWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: number) => command(['DELETE', `/dossier-lists/${id}/`], { headers: ifMatch((await readWatchList(id)).tag) }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.watchLists }),
  });
}

/** Removes all dossiers from a list. */
export function usePurgeWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (id: number) => deleting(['POST', `/dossier-lists/${id}/purge/`], ifMatch((await readWatchList(id)).tag)),
    onSuccess: () => Promise.all([keys.watchLists, keys.dossiers, keys.bin].map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}
