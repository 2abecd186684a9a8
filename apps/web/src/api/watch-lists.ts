import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { watchListChange, watchListCreation, WatchList } from '@dossier/protocol/watch-list.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, send } from './request.ts';

/** All watch lists of this node, by id. */
export function useWatchLists() {
  return useQuery({
    queryKey: keys.watchLists,
    refetchInterval: 30_000,
    queryFn: ({ signal }) => readAll(pageOf(watchListSchema), '/dossier-lists/', { signal }),
  });
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
    mutationFn: ({ id, ...body }: z.input<typeof watchListChange> & { id: number }): Promise<WatchList> =>
      send(watchListSchema, ['PATCH', `/dossier-lists/${id}/`], { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.watchLists }),
  });
}

export function useDeleteWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => command(['DELETE', `/dossier-lists/${id}/`]),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.watchLists }),
  });
}

/** Removes all dossiers from a list. */
export function usePurgeWatchList() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => command(['POST', `/dossier-lists/${id}/purge/`]),
    onSuccess: () =>
      Promise.all([client.invalidateQueries({ queryKey: keys.watchLists }), client.invalidateQueries({ queryKey: keys.dossiers })]),
  });
}
