import { query, queryOne } from '@dossier/postgres/database.ts';
import { findLink } from '@dossier/replication/links.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

/* Lists of one node never touch each other, whatever their dossiers have in common. */

let master: EngineNode;
let other: EngineNode;
let slave: EngineNode;

beforeAll(async () => {
  [master, other, slave] = await Promise.all([createEngineNode(), createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master.close(), other.close(), slave.close()]);
});

interface Linked {
  node: EngineNode;
  remote: number;
  local: number;
  uuids: string[];
}

async function linked(name: string, { node = master, dossiers = 30 } = {}): Promise<Linked> {
  const remote = await node.makeList(name);
  const uuids = await node.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  expect(await slave.link(node, remote, local)).toMatchObject({ state: 'synced', set_aside: [] });
  return { node, remote, local, uuids };
}

const give = (node: EngineNode, uuid: string | undefined, externalId: string | null): Promise<unknown> =>
  query(node.database, `update dossiers set external_id = :externalId where uuid = :uuid`, { uuid, externalId });

/** All that stands in the rows of a list and in its position. */
async function whole(node: EngineNode, list: number): Promise<unknown> {
  return queryOne(
    node.database,
    `select to_json(p) as position, (select json_agg(d order by d.uuid) from dossiers d where d.set_id = p.set_id) as rows
     from list_positions p where p.list_id = :list`,
    { list },
  );
}

async function expectEqual({ node, local, remote }: Linked): Promise<void> {
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(node.database, remote));
}

describe('two lists that use the same external ids for different people', () => {
  it.each(['auto', 'full', 'repair'] as const)('are synced without touching each other, mode %s', async (mode) => {
    const [a, b] = [await linked(`a ${mode}`), await linked(`b ${mode}`, { node: other })];
    await give(a.node, a.uuids[0], `1 ${mode}`);
    await slave.sync(a.local, { mode });
    const before = await whole(slave, a.local);
    await give(b.node, b.uuids[0], `1 ${mode}`);
    slave.reminders.length = 0;
    expect(await slave.sync(b.local, { mode })).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    expect(await whole(slave, a.local)).toEqual(before);
    expect(slave.reminders).toEqual([]);
    expect(await slave.sync(a.local)).toMatchObject({ state: 'unchanged' });
    await expectEqual(a);
    await expectEqual(b);
  });

  it('exchange external ids with each other, in any order', async () => {
    const [a, b] = [await linked('left'), await linked('right')];
    await give(master, a.uuids[0], 'one');
    await give(master, b.uuids[0], 'two');
    for (const { local } of [a, b]) await slave.sync(local);
    await give(master, a.uuids[0], 'two');
    await give(master, b.uuids[0], 'one');
    for (const { local } of [a, b]) expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    for (const list of [a, b]) await expectEqual(list);
  });
});

describe('a dossier in lists of two masters', () => {
  it('has one id here, and in each list the version of its own master', async () => {
    const a = await linked('of the first');
    const [shared] = a.uuids;
    const remote = await other.makeList('of the second');
    await query(other.database, `insert into dossiers (set_id, uuid, name) values (set_of(:remote), :shared, 'Known otherwise')`, {
      remote,
      shared,
    });
    const local = await slave.makeList('of the second');
    const before = await whole(slave, a.local);
    expect(await slave.link(other, remote, local)).toMatchObject({ state: 'synced', added: 1, set_aside: [] });
    expect(await whole(slave, a.local)).toEqual(before);
    const rows = await query<{ id: number; name: string }>(
      slave.database,
      `select d.id, d.name from list_positions p join dossiers d on d.set_id = p.set_id where d.uuid = :shared order by d.name`,
      { shared },
    );
    expect(rows.map(({ name }) => name)).toEqual(['Known otherwise', 'of the first 0']);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
    await query(other.database, `update dossiers set name = 'Changed there' where uuid = :shared`, { shared });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1 });
    expect(await whole(slave, a.local)).toEqual(before);
    expect(await findLink(slave.database, a.local)).toMatchObject({ state: 'synced', set_aside: [] });
  });

  it('gets one id in two first syncs at once', async () => {
    const remotes = await Promise.all([master.makeList('twin 1'), master.makeList('twin 2')]);
    const uuids = await master.makeDossiers(
      remotes,
      Array.from({ length: 500 }, (_, index) => `Twin ${index}`),
    );
    const locals = await Promise.all([slave.makeList('twin 1'), slave.makeList('twin 2')]);
    const runs = await Promise.all(locals.map((local, index) => slave.link(master, remotes[index] ?? 0, local)));
    for (const run of runs) expect(run).toMatchObject({ state: 'synced', added: 500 });
    const ids = await queryOne<{ ids: number; rows: number }>(
      slave.database,
      `select count(distinct d.id) as ids, count(*) as rows from list_positions p join dossiers d on d.set_id = p.set_id where d.uuid = any(:uuids::uuid[])`,
      { uuids },
    );
    expect(ids).toEqual({ ids: 500, rows: 1000 });
  });
});

describe('undo and purge of one list', () => {
  it('leave the rows of others alone', async () => {
    const [a, b] = [await linked('undone'), await linked('beside')];
    await query(master.database, `update dossiers set name = name || '!' where uuid = :uuid`, { uuid: a.uuids[0] });
    await slave.sync(a.local);
    const before = await whole(slave, b.local);
    expect(await requestUndo(slave.database, { slaveListId: a.local, by: 'admin' })).toMatchObject({ outcome: 'run' });
    expect(await slave.sync(a.local)).toMatchObject({ state: 'undone', changed: 1 });
    expect(await whole(slave, b.local)).toEqual(before);
  });
});
