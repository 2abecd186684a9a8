import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import type { RunMode } from '@dossier/domain/run.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link, Run } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { read, send } from './request.ts';

const runsShown = 50;

/** All links of this node; the live events keep them as they are. */
export function useLinks({ enabled = true } = {}) {
  return useQuery({
    enabled,
    queryKey: keys.links,
    refetchInterval: 60_000,
    queryFn: ({ signal }) => readAll(pageOf(linkSchema), '/sync/dossier-lists/', { signal }),
  });
}

/** The newest sync runs of a list, newest first. */
export function useRuns(list: number, { enabled = true } = {}) {
  return useQuery({
    enabled,
    queryKey: keys.runs(list),
    queryFn: async ({ signal }) => {
      const { results } = await read(pageOf(runSchema), `/sync/dossier-lists/${list}/runs/`, { query: { limit: runsShown }, signal });
      return results;
    },
  });
}

/** What is being read may be older than what an event tells: it is read again. */
function readAgain(client: QueryClient, queryKey: readonly unknown[]): void {
  if (client.isFetching({ queryKey }) > 0) void client.invalidateQueries({ queryKey });
}

/** Takes a link as an event tells of it into what is known. */
export function rememberLink(client: QueryClient, link: Link): void {
  client.setQueryData<Link[]>(keys.links, (links) => {
    if (!links) return links;
    const others = links.filter((each) => each.slave_dossier_list !== link.slave_dossier_list);
    return [...others, link].toSorted((a, b) => a.slave_dossier_list - b.slave_dossier_list);
  });
  readAgain(client, keys.links);
}

/** Takes a run as an event tells of it into what is known. */
export function rememberRun(client: QueryClient, run: Run): void {
  const queryKey = keys.runs(run.slave_dossier_list);
  client.setQueryData<Run[]>(queryKey, (runs) => {
    if (!runs) return runs;
    return [run, ...runs.filter((each) => each.id !== run.id)].toSorted((a, b) => b.id - a.id).slice(0, runsShown);
  });
  readAgain(client, queryKey);
}

/**
 * After a command: what it changed is read again. Its own answer isn't taken, since events that came before it may be younger: a link
 * that is gone by now would come back.
 */
export async function refreshLinks(client: QueryClient): Promise<void> {
  await Promise.all([keys.links, keys.allRuns, keys.watchLists, keys.node].map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** Forgets a link that is cancelled. */
export function forgetLink(client: QueryClient, list: number): void {
  client.setQueryData<Link[]>(keys.links, (links) => links?.filter((each) => each.slave_dossier_list !== list));
  readAgain(client, keys.links);
  client.removeQueries({ queryKey: keys.runs(list) });
}

export interface NewLink {
  readonly remote_url: string;
  readonly remote_dossier_list: number;
  readonly slave_dossier_list: number;
}

/** Makes a list a replica. */
export function useCreateLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: NewLink): Promise<Link> => send(linkSchema, ['POST', '/sync/dossier-lists/'], { body }),
    onSuccess: () => refreshLinks(client),
  });
}

/** Syncs a list now. */
export function useSync() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, mode }: { list: number; mode: RunMode }): Promise<Run> =>
      send(runSchema, ['POST', `/sync/dossier-lists/${list}/sync/`], { body: { mode } }),
    onSuccess: () => refreshLinks(client),
  });
}

/** Cancels the replication of a list; with `purge` its dossiers go. */
export function useCancelLink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ list, purge }: { list: number; purge: boolean }): Promise<Link> =>
      send(linkSchema, ['DELETE', `/sync/dossier-lists/${list}/`], { query: { purge } }),
    onSuccess: () => refreshLinks(client),
  });
}
