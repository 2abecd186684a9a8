import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { z } from 'zod';
import { heldPageSchema } from '@dossier/protocol/held.ts';
import type { HeldKind } from '@dossier/protocol/held.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { linkChangeRequest } from '@dossier/protocol/sync.ts';
import { keys } from './keys.ts';
import { refreshLinks } from './links.ts';
import { read, send } from './request.ts';

const pageSize = 200;

/** The names of what a held sync would do, of one kind, page after page. */
export function useHeldDossiers(list: number, { kind, difference }: { kind: HeldKind; difference: string }) {
  return useInfiniteQuery({
    queryKey: keys.held(list, difference, kind),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(heldPageSchema, `/sync/dossier-lists/${list}/held/`, { query: { kind, page: pageParam, limit: pageSize }, signal }),
    getNextPageParam: (page) => page.next_page,
  });
}

/** Where the dossiers that the master lost are, as a file to import there. */
export function lostAddress(list: number): string {
  return `/sync/dossier-lists/${list}/held/lost/`;
}

/** Lets exactly the difference that is held be applied; gives the run, or the link where a second person has to approve, too. */
export function useApproveHeld() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, difference }: { list: number; difference: string }) =>
      send(z.union([runSchema, linkSchema]), ['POST', `/sync/dossier-lists/${list}/held/approve/`], { body: { difference } }),
    onSuccess: () => refreshLinks(client),
  });
}

/** Keeps the list as it is until the master's list changes. */
export function useRejectHeld() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, difference }: { list: number; difference: string }) =>
      send(linkSchema, ['POST', `/sync/dossier-lists/${list}/held/reject/`], { body: { difference } }),
    onSuccess: () => refreshLinks(client),
  });
}

/** Takes back what the last applied run did. */
export function useUndo() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (list: number) => send(runSchema, ['POST', `/sync/dossier-lists/${list}/undo/`]),
    onSuccess: () => refreshLinks(client),
  });
}

/** Changes the bounds beyond which a sync waits for a person, or where the link leads. */
export function useChangeLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, ...body }: z.input<typeof linkChangeRequest> & { list: number }) =>
      send(linkSchema, ['PATCH', `/sync/dossier-lists/${list}/`], { body }),
    onSuccess: () => refreshLinks(client),
  });
}
