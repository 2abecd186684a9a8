import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import type { z } from 'zod';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { createdSiteSchema, revokedSiteSchema, siteSchema } from '@dossier/protocol/site.ts';
import type { CreatedSite, RevokedSite, Site, siteChange, siteCreation } from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { keys } from './keys.ts';
import { readAll } from './read-all.ts';
import { command, read, send } from './request.ts';

/** What a site says when it asks is kept without a word to anybody: it is looked at again. */
const lookAgainMs = 15_000;
const historyPage = 50;

/** All sites that this node knows as their master. */
export function useSites() {
  return useQuery({
    queryKey: keys.sites,
    refetchInterval: lookAgainMs,
    queryFn: ({ signal }) => readAll(pageOf(siteSchema), '/sites/', { signal }),
  });
}

export function useSite(id: number) {
  return useQuery({
    queryKey: keys.site(id),
    refetchInterval: lookAgainMs,
    queryFn: ({ signal }) => read(siteSchema, `/sites/${id}/`, { signal }),
  });
}

/** What was done to a site and by it, newest first; for administrators. */
export function useSiteHistory(id: number) {
  return useInfiniteQuery({
    queryKey: keys.siteHistory(id),
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      read(pageOf(auditEntrySchema), '/audit/', {
        query: { object: 'site', object_id: id, page: pageParam, limit: historyPage },
        signal,
      }),
    getNextPageParam: (page) => page.next_page,
  });
}

function refreshSites(client: QueryClient): Promise<unknown> {
  return Promise.all([keys.sites, keys.slaves, keys.node].map((queryKey) => client.invalidateQueries({ queryKey })));
}

function useRefreshSites(): () => Promise<unknown> {
  const client = useQueryClient();
  return () => refreshSites(client);
}

/** Makes an invitation; `replaces` is the site whose unused one is taken back before. */
export function useInviteSite() {
  const client = useQueryClient();
  return useMutation({
    async mutationFn({ replaces, ...body }: z.input<typeof siteCreation> & { replaces: number | null }): Promise<CreatedSite> {
      if (replaces !== null) await command(['DELETE', `/sites/${replaces}/`]);
      return send(createdSiteSchema, ['POST', '/sites/'], { body });
    },
    onSettled: () => refreshSites(client),
  });
}

/** Lets a site in, to these lists where they are given, or puts an alert about it to rest. */
export function useAcceptSite() {
  return useMutation({
    async mutationFn({ id, lists }: { id: number; lists?: readonly number[] | null }): Promise<Site> {
      // First the rights, so that it never has more than these.
      if (lists !== undefined) await send(siteSchema, ['PATCH', `/sites/${id}/`], { body: { lists } });
      return send(siteSchema, ['POST', `/sites/${id}/accept/`], { body: {} });
    },
    onSuccess: useRefreshSites(),
  });
}

export function useChangeSite() {
  return useMutation({
    mutationFn: ({ id, ...body }: z.input<typeof siteChange> & { id: number }): Promise<Site> =>
      send(siteSchema, ['PATCH', `/sites/${id}/`], { body }),
    onSuccess: useRefreshSites(),
  });
}

export function useRevokeSite() {
  return useMutation({
    mutationFn: ({ id, reason }: { id: number; reason: string }): Promise<RevokedSite> =>
      send(revokedSiteSchema, ['POST', `/sites/${id}/revoke/`], { body: { reason } }),
    onSuccess: useRefreshSites(),
  });
}

/** Forgets a site that never came, or speaks by the token alone. */
export function useForgetSite() {
  return useMutation({ mutationFn: (id: number) => command(['DELETE', `/sites/${id}/`]), onSuccess: useRefreshSites() });
}
