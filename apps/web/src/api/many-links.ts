import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { inTurns } from './in-turns.ts';
import { refreshLinks } from './links.ts';
import { send } from './request.ts';

/** So many requests are under way at once. */
const atOnce = 4;

/** A list of a master that is to be copied, into a list that is here, or into a new one of its name. */
export interface PlannedLink {
  readonly remote: number;
  readonly name: string;
  readonly local: number | null;
}

export type LinkOutcome =
  | { readonly state: 'waiting' }
  | { readonly state: 'linked' }
  | { readonly state: 'failed'; readonly error: unknown };

/** Links many lists of a master, each by itself; those that failed can be tried again, into the lists that were made for them. */
export function useLinkMany(remoteUrl: string) {
  const client = useQueryClient();
  const [outcomes, setOutcomes] = useState<ReadonlyMap<number, LinkOutcome>>(new Map());
  const [made, setMade] = useState<ReadonlyMap<number, number>>(new Map());
  const note = (remote: number, outcome: LinkOutcome): void => setOutcomes((before) => new Map(before).set(remote, outcome));
  const link = async ({ remote, name, local }: PlannedLink): Promise<void> => {
    try {
      const known = local ?? made.get(remote);
      const list = known ?? (await send(watchListSchema, ['POST', '/dossier-lists/'], { body: { name } })).id;
      if (known === undefined) setMade((before) => new Map(before).set(remote, list));
      const body = { remote_url: remoteUrl, remote_dossier_list: remote, slave_dossier_list: list };
      await send(linkSchema, ['POST', '/sync/dossier-lists/'], { body });
      note(remote, { state: 'linked' });
    } catch (error) {
      note(remote, { state: 'failed', error });
    }
  };
  const mutation = useMutation({
    mutationFn: async (plans: readonly PlannedLink[]) => {
      for (const { remote } of plans) note(remote, { state: 'waiting' });
      await inTurns(plans, atOnce, link);
    },
    onSettled: () => refreshLinks(client),
  });
  return { outcomes, start: mutation.mutate, isPending: mutation.isPending };
}

/** Syncs many lists now; returns those for which it could not be asked. */
export function useSyncMany() {
  const client = useQueryClient();
  return useMutation({
    async mutationFn(lists: readonly number[]): Promise<number[]> {
      const failed: number[] = [];
      await inTurns(lists, atOnce, async (list) => {
        await send(runSchema, ['POST', `/sync/dossier-lists/${list}/sync/`], { body: { mode: 'auto' } }).catch(() => failed.push(list));
      });
      return failed;
    },
    onSettled: () => refreshLinks(client),
  });
}
