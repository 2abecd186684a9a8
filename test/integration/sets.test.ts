import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import { pruneTombstones, sweepSets } from '@dossier/replication/upkeep.ts';
import { describe, expect, it } from 'vitest';
import { addPhotoByHand } from '../kit/by-hand.ts';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

/* First and full syncs fill a set that no reader sees; then the list is pointed at it. */

const many = 6000;

const { master, slave } = await createEnginePair();

/** A list with every kind of content, of more than one page. */
async function fill(node: EngineNode, name: string, count = many): Promise<number> {
  const list = await node.makeList(name);
  await query(
    node.database,
    `insert into dossiers (set_id, name, comment, active, meta, external_id, valid_from, valid_until)
     select set_of(:list), :name || E' "quoted" \\\\ \\t \\n Ž' || n, E'\\\\.\\nA\\\\N' || n, n % 3 > 0, '{"n": 10000000000000000999, "b": "a\\\\b"}', :name || n,
       case when n % 2 = 0 then date '2026-01-01' + n % 300 end, case when n % 5 = 0 then date '2027-01-01' end
     from generate_series(1, :count::int) n`,
    { name, count, list },
  );
  const photo = Buffer.from(`a photo of ${name}`);
  await node.photos.put(photo);
  const shown = await query<{ uuid: string }>(
    node.database,
    `select uuid from dossiers where set_id = set_of(:list) order by uuid limit 50`,
    { list },
  );
  const sha256 = createHash('sha256').update(photo).digest('hex');
  await addPhotoByHand(
    node.database,
    shown.map(({ uuid }) => uuid),
    { sha256, bytes: photo.length, features: 'ZmVhdHVyZQ==' },
  );
  return list;
}

async function expectEqual(remote: number, local: number): Promise<void> {
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
}

const setsOf = (local: number): Promise<unknown[]> =>
  query(slave.database, `select purpose from sets where list_id = :local order by purpose`, { local });

/** A way to the master that breaks at each page but the first until it is mended. */
async function cutLine(): Promise<{
  feedUrl: string;
  mend(): void;
  cutAt(): string | null;
  askedAgain(): string | null;
  close(): void;
}> {
  let isCut = true;
  let again: string | null = null;
  let cutAt: string | null = null;
  const cutting = createServer((request, response) => {
    const since = request.url?.includes('/changes') ? new URL(request.url, master.feedUrl).searchParams.get('since') : null;
    if (isCut && since !== null && since !== '0') {
      cutAt = since;
      response.destroy();
      return;
    }
    if (!isCut) again ??= since;
    master.feed(request, response);
  });
  await once(cutting.listen(0, '127.0.0.1'), 'listening');
  return {
    feedUrl: `http://127.0.0.1:${(cutting.address() as AddressInfo).port}`,
    mend: () => (isCut = false),
    cutAt: () => cutAt,
    askedAgain: () => again,
    close: () => {
      cutting.closeAllConnections();
      cutting.close();
    },
  };
}

describe('the first sync of a list of several pages', () => {
  it('brings every kind of content as it is, and photos', async () => {
    const remote = await fill(master, 'big');
    const local = await slave.makeList('big');
    const run = await slave.link(master, remote, local);
    expect(run).toMatchObject({ state: 'synced', method: 'full', added: many, changed: 0, removed: 0, photos_fetched: 1 });
    expect(run.pages).toBeGreaterThan(1);
    await expectEqual(remote, local);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
    await query(master.database, `update dossiers set name = 'Changed' where external_id in ('big7', 'big8')`);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'delta', changed: 2 });
    await expectEqual(remote, local);
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
  });

  it('goes on where it was broken off, also when external ids were exchanged meanwhile', async () => {
    const remote = await fill(master, 'broken');
    const local = await slave.makeList('broken');
    const line = await cutLine();
    await expect(slave.link(line, remote, local)).rejects.toMatchObject({ kind: 'retry' });
    line.mend();
    await transaction(master.database, async (tx) => {
      await query(tx, `set constraints dossiers_external_id_unique deferred`);
      await query(
        tx,
        `update dossiers set external_id = case external_id when 'broken1' then 'broken5999' else 'broken1' end
         where set_id = set_of(:remote) and external_id in ('broken1', 'broken5999')`,
        { remote },
      );
    });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'full', added: many });
    expect(line.askedAgain()).toBe(line.cutAt());
    await expectEqual(remote, local);
    line.close();
  });

  it('begins anew where it was broken off, after the master was put back to before', async () => {
    const remote = await fill(master, 'put back');
    const local = await slave.makeList('put back');
    const line = await cutLine();
    await expect(slave.link(line, remote, local)).rejects.toMatchObject({ kind: 'retry' });
    line.mend();
    await transaction(master.database, async (tx) => {
      await query(tx, `set local session_replication_role = replica`);
      const later = `set_id = set_of(:remote) and revision > (select revision from dossiers where set_id = set_of(:remote) order by revision offset 5499 limit 1)`;
      await query(tx, `delete from dossiers where ${later}`, { remote });
      await query(tx, `delete from tree_nodes where set_id = set_of(:remote)`, { remote });
      await query(
        tx,
        `update list_positions set dossier_count = 5500, digest = null, tree_revision = 0,
           revision = (select max(revision) from dossiers where set_id = set_of(:remote)) where list_id = :remote`,
        { remote },
      );
    });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'full', added: 5500 });
    expect(line.askedAgain()).toBe('0');
    await expectEqual(remote, local);
    line.close();
  });

  it('goes on to where the master stands now, also after a page that ended where it stood before', async () => {
    const remote = await fill(master, 'further', 10_000);
    await slave.link(master, remote, await slave.makeList('of all pages'));
    const local = await slave.makeList('further');
    const line = await cutLine();
    await expect(slave.link(line, remote, local)).rejects.toMatchObject({ kind: 'retry' });
    line.mend();
    await query(master.database, `update dossiers set comment = 'later' where external_id = any('{further7,further9000}')`);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'full', added: 10_000 });
    await expectEqual(remote, local);
    line.close();
  });
});

describe('a run whose rows turn out not to be the master’s', () => {
  it('fetches all of them anew with its next attempt', async () => {
    const remote = await fill(master, 'other');
    const local = await slave.makeList('other');
    const line = await cutLine();
    await expect(slave.link(line, remote, local)).rejects.toMatchObject({ kind: 'retry' });
    line.mend();
    await transaction(master.database, async (tx) => {
      // As if the master was put back to before these came, and went on from there.
      await query(tx, `set local session_replication_role = replica`);
      const first = `select uuid from dossiers where set_id = set_of(:remote) order by revision limit 10`;
      await query(tx, `delete from dossiers where set_id = set_of(:remote) and uuid in (${first})`, { remote });
      await query(tx, `update list_positions set dossier_count = dossier_count - 10 where list_id = :remote`, { remote });
      await query(tx, `select build_tree(set_of(:remote))`, { remote });
    });
    await query(master.database, `update dossiers set comment = 'later' where set_id = set_of(:remote)`, { remote });
    await expect(slave.sync(local)).rejects.toMatchObject({ code: 'COUNT_DIFFERS' });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'full', added: many - 10 });
    await expectEqual(remote, local);
    line.close();
  });
});

describe('a full sync', () => {
  it('points the list at a new set under the ids that its dossiers had, and keeps the former one until the next sync', async () => {
    const remote = await fill(master, 'full', 300);
    const local = await slave.makeList('full');
    await slave.link(master, remote, local);
    const ids = () => query(slave.database, `select uuid, id from dossiers where set_id = set_of(:local) order by uuid`, { local });
    const before = await ids();
    const set = () => queryOne<{ set: number }>(slave.database, `select set_of(:local) as set`, { local });
    const former = await set();
    expect(await slave.sync(local, { mode: 'full' })).toMatchObject({ state: 'synced', method: 'full', added: 0, changed: 0 });
    // Nothing differed: the set that was filled is not needed.
    expect(await set()).toEqual(former);
    await query(master.database, `update dossiers set comment = 'new' where external_id = 'full7'`);
    expect(await slave.sync(local, { mode: 'full' })).toMatchObject({ state: 'synced', method: 'full', changed: 1 });
    expect(await set()).not.toEqual(former);
    expect(await ids()).toEqual(before);
    expect(await setsOf(local)).toContainEqual({ purpose: 'undo' });
    await query(master.database, `update dossiers set comment = 'newer' where external_id = 'full7'`);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'delta', changed: 1 });
    expect(await setsOf(local)).not.toContainEqual({ purpose: 'undo' });
    await sweepSets(slave.database, { minutes: 0 });
    expect(await setsOf(local)).toEqual([]);
    expect(await query(slave.database, `select from dossiers where set_id = :set`, { set: former?.set })).toEqual([]);
    await expectEqual(remote, local);
  });

  it('tells followers of a branch from where its new history goes on, so that they compare and are not held', async () => {
    const gate = await createEngineNode();
    const remote = await fill(master, 'headquarters', 200);
    const branch = await slave.makeList('branch');
    await slave.link(master, remote, branch);
    const local = await gate.makeList('gate');
    expect(await gate.link(slave, branch, local)).toMatchObject({ state: 'synced', added: 200 });
    await query(master.database, `delete from dossiers where external_id in ('headquarters1', 'headquarters2')`);
    expect(await slave.sync(branch, { mode: 'full' })).toMatchObject({ state: 'synced', removed: 2 });
    expect(await gate.sync(local)).toMatchObject({ state: 'synced', method: 'reconcile', removed: 2 });
    expect(await contentOf(gate.database, local)).toEqual(await contentOf(master.database, remote));
    await gate.close();
  });
});

describe('while somebody holds an old snapshot', () => {
  it('a first sync ends, and the snapshot sees one state of each list', async () => {
    const remote = await fill(master, 'beside a backup', 1500);
    const local = await slave.makeList('beside a backup');
    await slave.makeDossiers([local], ['Here before']);
    await slave.database.transaction(
      async (snapshot) => {
        const seen = () => query(snapshot, `select name from current_dossiers where list_id = :local`, { local });
        expect(await seen()).toEqual([{ name: 'Here before' }]);
        await query(snapshot, `lock table dossiers, list_positions in access share mode`);
        expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: 1500, removed: 1 });
        expect(await seen()).toEqual([{ name: 'Here before' }]);
      },
      { isolationLevel: 'repeatable read', readOnly: true },
    );
    await expectEqual(remote, local);
  });
});

describe('the engine', () => {
  it('makes and drops no tables', async () => {
    const { database } = slave;
    const remote = await fill(master, 'plain role', 200);
    const local = await slave.makeList('plain role');
    const tables = (): Promise<unknown[]> =>
      query(database, `select oid, relname from pg_class where relnamespace = 'public'::regnamespace order by 1`);
    const before = await tables();
    expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: 200 });
    await query(master.database, `update dossiers set comment = 'new' where set_id = set_of(:remote)`, { remote });
    await slave.sync(local, { mode: 'full' });
    await sweepSets(database, { minutes: 0 });
    await pruneTombstones(database, 90);
    expect(await tables()).toEqual(before);
  });
});
