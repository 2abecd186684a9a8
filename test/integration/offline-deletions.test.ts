import { query } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

let master: EngineNode;
let restoring: EngineNode;
let keeping: EngineNode;

beforeAll(async () => {
  master = await createEngineNode();
  restoring = await createEngineNode();
  keeping = await createEngineNode({ OFFLINE_DELETIONS: 'keep-deleted' });
});
afterAll(async () => {
  await Promise.all([master, restoring, keeping].map((node) => node.close()));
});

/** Links a list of three dossiers and deletes the first here, as the API does while the master is away. */
async function deleteOffline(slave: EngineNode, name: string): Promise<{ remote: number; local: number; uuids: string[]; id: number }> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers([remote], ['Ada', 'Bob', 'Cid']);
  const local = await slave.makeList(name);
  await slave.link(master, remote, local);
  const [row] = await query<{ id: number }>(
    slave.database,
    `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by)
     select :local, uuid, id, name, 'operator' from dossiers where uuid = :uuid returning dossier_id as id`,
    { local, uuid: uuids[0] },
  );
  await query(slave.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
  return { remote, local, uuids, id: row?.id ?? 0 };
}

async function journalOf(slave: EngineNode, local: number): Promise<unknown[]> {
  return query(slave.database, `select name, settled_as from offline_deletions where slave_list_id = :local`, { local });
}

/** Why the copy can't be called equal. */
async function doubtOf(slave: EngineNode, local: number): Promise<string | null | undefined> {
  const [link] = await query<{ doubt: string | null }>(
    slave.database,
    `select link_doubt(k) as doubt from links k where slave_list_id = :local`,
    {
      local,
    },
  );
  return link?.doubt;
}

describe('what was deleted while the master was away', () => {
  it('comes back under its id, with the policy restore', async () => {
    const { remote, local, uuids, id } = await deleteOffline(restoring, 'restore');
    expect(await doubtOf(restoring, local)).toBe('changed-here');
    expect(await restoring.sync(local)).toMatchObject({ state: 'synced', added: 1, restored_offline_deletions: 1 });
    expect(await doubtOf(restoring, local)).toBeNull();
    expect(await contentOf(restoring.database, local)).toEqual(await contentOf(master.database, remote));
    expect(await query(restoring.database, `select id from dossiers where uuid = :uuid`, { uuid: uuids[0] })).toEqual([{ id }]);
    expect(await journalOf(restoring, local)).toEqual([{ name: 'Ada', settled_as: 'restored' }]);
    expect(await restoring.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('stays away with the policy keep-deleted, also when the master changes it, and the sums still add up', async () => {
    const { remote, local, uuids } = await deleteOffline(keeping, 'keep');
    const names = async (): Promise<string[]> =>
      (await contentOf(keeping.database, local)).map((dossier) => (dossier as { name: string }).name).toSorted();
    expect(await keeping.sync(local)).toMatchObject({ state: 'synced', added: 0, restored_offline_deletions: 0 });
    expect(await names()).toEqual(['Bob', 'Cid']);
    expect(await doubtOf(keeping, local)).toBe('set-aside');
    expect(await journalOf(keeping, local)).toEqual([{ name: 'Ada', settled_as: 'kept-deleted' }]);
    expect(await keeping.sync(local)).toMatchObject({ state: 'unchanged' });
    expect(await keeping.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
    await query(master.database, `update dossiers set comment = 'seen' where uuid = any(:uuids::uuid[])`, { uuids: uuids.slice(0, 2) });
    expect(await keeping.sync(local)).toMatchObject({ state: 'synced', method: 'delta', added: 0, changed: 1 });
    expect(await names()).toEqual(['Bob', 'Cid']);
    expect(await keeping.sync(local, { mode: 'full' })).toMatchObject({ state: 'synced', added: 0, removed: 0 });
    expect(await names()).toEqual(['Bob', 'Cid']);
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
    expect(await keeping.sync(local)).toMatchObject({ state: 'synced', removed: 0 });
    expect(await contentOf(keeping.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('is still known to stay away while a sync is held', async () => {
    const { local, uuids } = await deleteOffline(keeping, 'held');
    const setAside = () => query<{ uuid: string }>(keeping.database, `select uuid from set_aside where list_id = :local`, { local });
    expect(await keeping.sync(local)).toMatchObject({ state: 'synced' });
    expect(await setAside()).toEqual([{ uuid: uuids[0] }]);
    await query(master.database, `delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids });
    const held = await keeping.sync(local);
    expect(held).toMatchObject({ state: 'held', held: { removing: 2 } });
    expect(await setAside()).toEqual([{ uuid: uuids[0] }]);
    await decideHold(keeping.database, {
      slaveListId: local,
      difference: held.held?.difference ?? '',
      decision: 'approved',
      by: 'somebody',
    });
    expect(await keeping.sync(local, { reason: 'approval' })).toMatchObject({ state: 'synced', removed: 2 });
    expect(await setAside()).toEqual([]);
  });
});
