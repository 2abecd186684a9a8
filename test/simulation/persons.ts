import { transaction } from '@dossier/postgres/database.ts';
import { deleteOffline as deleteFromReplicas } from '@dossier/registry/dossier-deletions.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { startUnlink } from '@dossier/replication/links.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Deed } from './replica-model.ts';
import { deleteRow, updateRow } from './row-statements.ts';
import type { Replica, Seed } from './seed.ts';
import { masterUrl } from './world.ts';

/* What persons do on the slave. */

/** The lists that are linked, and not about to be so no more. */
export function linkedReplicas(seed: Seed): Replica[] {
  const { replicas, replica } = seed;
  return replicas.filter(({ local }) => replica.last.links.has(local) && replica.last.links.get(local)?.state !== 'unlinking');
}

/** Somebody changes a replica by SQL. */
export async function editByHand(seed: Seed): Promise<void> {
  const { random, api, replica } = seed;
  const { local } = random.pick(seed.replicas);
  const held = [...replica.list(local).rows.values()];
  if (held.length === 0) return;
  seed.upheavals.add('hand');
  const content = random.pick(held);
  const { uuid } = content;
  const changed = random.chance(0.4) ? null : { ...content, comment: `by hand ${random.below(1e6)}` };
  seed.act('hand', async () => {
    const isThere = await transaction(api.database, async (tx) => (changed ? updateRow(tx, local, changed) : deleteRow(tx, local, uuid)));
    if (!isThere) return [];
    const change: Deed['change'] = (list) => {
      list.touched = true;
      if (changed) list.rows.set(uuid, changed);
      else list.rows.delete(uuid);
    };
    return [{ list: local, change }];
  });
  await seed.step(`list ${local} is edited by hand`);
}

export async function deleteOffline(seed: Seed): Promise<void> {
  const { random, api, replica } = seed;
  const linked = linkedReplicas(seed);
  if (linked.length === 0) return;
  const dossiers = [...(replica.last.lists.get(random.pick(linked).local)?.values() ?? [])];
  if (dossiers.length === 0) return;
  const {
    id,
    content: { uuid },
  } = random.pick(dossiers);
  seed.upheavals.add('offline');
  seed.act('offline', async () => {
    const deletion = await deleteFromReplicas(api.database, { id, deletedBy: 'somebody', unavailableMasters: [masterUrl] }).catch(
      // A sync, or another person, was first.
      (error: unknown) => (error instanceof ApplicationError ? null : Promise.reject(error as Error)),
    );
    if (deletion?.outcome !== 'deleted') return [];
    return Array.from(replica.lists.keys())
      .filter((list) => replica.last.links.has(list))
      .map((list): Deed => ({
        list,
        change: (held) => {
          if (!held.rows.delete(uuid)) return;
          held.touched = true;
          held.deleted.add(uuid);
        },
      }));
  });
  await seed.step(`${uuid.slice(0, 8)} is deleted offline`);
}

/** A person takes the last sync back. */
export async function undoSync(seed: Seed): Promise<void> {
  const { random, api, replica } = seed;
  const undoable = linkedReplicas(seed).filter(({ local }) => replica.last.undoable.has(local));
  if (undoable.length === 0) return;
  seed.upheavals.add('undo');
  const { local } = random.pick(undoable);
  seed.act('undo', async () => {
    const made = await requestUndo(api.database, { slaveListId: local, by: 'somebody' });
    if (made.outcome === 'run') seed.leave('sync', { runId: made.runId });
    return [];
  });
  await seed.step(`the last sync of list ${local} is to be taken back`);
}

export async function unlinkOrLink(seed: Seed): Promise<void> {
  const { random, replicas, replica, api } = seed;
  seed.upheavals.add('unlink');
  const one = random.pick(replicas);
  if (!replica.last.links.has(one.local)) return seed.link(one);
  const purge = random.chance(0.5);
  seed.act('unlink', async () => {
    if (await startUnlink(api.database, one.local, purge)) seed.leave('unlink', { slaveDossierList: one.local, purge });
    return [];
  });
  return seed.step(`unlink ${one.local}${purge ? ' and purge' : ''}`);
}

/** A person approves or rejects what the guards hold. */
export async function decideHeld(seed: Seed, decision: 'approved' | 'rejected', among: readonly Replica[]): Promise<void> {
  const { api, replica } = seed;
  for (const { local } of among) {
    const held = Array.from(replica.last.holds.values()).find((hold) => hold.list === local && hold.state === 'waiting');
    if (!held) continue;
    const { difference } = held;
    seed.act('decide', async () => {
      const made = await decideHold(api.database, { slaveListId: local, difference, decision, by: 'somebody' });
      if (made.outcome === 'approved') seed.leave('sync', { runId: made.runId });
      return [];
    });
    await seed.step(`what is held of list ${local} is ${decision}`);
  }
}
