import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { joinedSchema, masterSchema, mastersSchema } from '@dossier/protocol/master.ts';
import type { Joined, Master } from '@dossier/protocol/master.ts';
import { runSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { keys } from './keys.ts';
import { refreshLinks } from './links.ts';
import { command, read, send } from './request.ts';

/** The masters whose keys this node knows, by address. A key that is offered comes without a word: it is looked for again. */
export function useKnownMasters() {
  return useQuery({
    queryKey: keys.knownMasters,
    refetchInterval: 15_000,
    queryFn: ({ signal }) => read(mastersSchema, '/sync/masters/', { signal }),
  });
}

/** Believes the key that is offered under an address, and syncs the lists that failed for it. */
export function useAcceptMaster() {
  const client = useQueryClient();
  return useMutation({
    async mutationFn({ id, key, remote_url: url }: { id: number; key: string; remote_url: string }): Promise<Master> {
      const master = await send(masterSchema, ['POST', `/sync/masters/${id}/accept/`], { body: { key } });
      const waiting = (client.getQueryData<Link[]>(keys.links) ?? []).filter(
        (link) => [url, master.remote_url].includes(link.remote_url) && link.error?.code === 'MASTER_KEY_DIFFERS',
      );
      // The key is believed, whatever becomes of these: what isn't asked for now is synced by the schedule.
      await Promise.allSettled(
        waiting.map(({ slave_dossier_list: list }) =>
          send(runSchema, ['POST', `/sync/dossier-lists/${list}/sync/`], { body: { mode: 'auto' } }),
        ),
      );
      return master;
    },
    onSettled: () => Promise.all([client.invalidateQueries({ queryKey: keys.knownMasters }), refreshLinks(client)]),
  });
}

export function useForgetMaster() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => command(['DELETE', `/sync/masters/${id}/`]),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.knownMasters }),
  });
}

/** Introduces this node to a master by the code of an invitation. */
export function useJoinMaster() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { remote_url: string; code: string }): Promise<Joined> => send(joinedSchema, ['POST', '/sync/masters/'], { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.knownMasters }),
  });
}
