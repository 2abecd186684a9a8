import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query';
import type { z } from 'zod';
import { dossierCountSchema } from '@dossier/protocol/bulk.ts';
import { dossierDeletionSchema, dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import type { Dossier, dossierChange, dossierCreation } from '@dossier/protocol/dossier.ts';
import { deleting } from './bin.ts';
import { useForget } from './forget.ts';
import { keys } from './keys.ts';
import { read, send } from './request.ts';
import type { Query } from './request.ts';
import { ifMatch, readTagged } from './tagged.ts';
import type { Tagged } from './tagged.ts';

/** Small, so that the first rows are there at once; those that follow are fetched before they are scrolled to. */
const firstPage = 100;
const laterPages = 500;

/** While the node is still reading a list for the search. */
const askAgainMs = 2000;

/** Dossiers, page after page, in the order and with the filter of the query; never those of another query. */
export function useDossierPages(query: Query) {
  return useInfiniteQuery({
    queryKey: keys.dossierPages(query),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(dossierPageSchema, '/dossiers/', {
        query: { ...query, page: pageParam, limit: pageParam === '' ? firstPage : laterPages },
        signal,
      }),
    getNextPageParam: (page) => page.next_page,
    staleTime: 60_000,
    refetchInterval: ({ state }) => ((state.data?.pages[0]?.search?.not_indexed.length ?? 0) > 0 ? askAgainMs : false),
  });
}

/** How many dossiers a filter finds. */
export function useDossierCount(filter: Query, { enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: keys.dossierCount(filter),
    queryFn: ({ signal }) => read(dossierCountSchema, '/dossiers/count/', { query: filter, signal }),
    staleTime: 60_000,
  });
}

const foundAtOnce = 8;

/** The first who are found by these words; asked no more as soon as others are wanted. */
export function useFoundPeople(q: string, { enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: keys.foundPeople(q),
    queryFn: ({ signal }) => read(dossierPageSchema, '/dossiers/', { query: { q, valid: 'all', limit: foundAtOnce }, signal }),
  });
}

export function useDossier(id: number) {
  return useQuery({ queryKey: keys.dossier(id), queryFn: ({ signal }) => readDossier(id, signal) });
}

/** The dossier as it is now. Throws Problem. */
export async function readDossier(id: number, signal?: AbortSignal): Promise<Tagged<Dossier>> {
  return readTagged(dossierSchema, `/dossiers/${id}/`, signal);
}

const probeEveryMs = 15_000;

/** Whether the dossier can be deleted now; asked again and again, as masters come and go. */
export function useDossierDeletion(id: number, { enabled }: { enabled: boolean }) {
  return useQuery({
    enabled,
    queryKey: keys.dossierDeletion(id),
    refetchInterval: probeEveryMs,
    queryFn: ({ signal }) => read(dossierDeletionSchema, `/dossiers/${id}/deletion/`, { signal }),
  });
}

const changed = [keys.dossiers, keys.watchLists, keys.offlineDeletions, keys.bin] as const;

export function useCreateDossier() {
  return useMutation({
    mutationFn: (body: z.input<typeof dossierCreation>): Promise<Dossier> => send(dossierSchema, ['POST', '/dossiers/'], { body }),
    onSuccess: useForget(...changed),
  });
}

/** Changes the dossier, if it still is as it was read. */
export function useChangeDossier() {
  return useMutation({
    mutationFn: ({ id, tag, body }: { id: number; tag: string; body: z.input<typeof dossierChange> }): Promise<Dossier> =>
      send(dossierSchema, ['PATCH', `/dossiers/${id}/`], { body, headers: ifMatch(tag) }),
    onSuccess: useForget(...changed),
  });
}

export function useDeleteDossier() {
  return useMutation({
    mutationFn: ({ id, tag }: { id: number; tag: string }) => deleting(['DELETE', `/dossiers/${id}/`], ifMatch(tag)),
    onSuccess: useForget(...changed),
  });
}
