import { query, queryOne } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { findLink } from '@dossier/replication/links.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

let master: EngineNode;
let other: EngineNode;
let slave: EngineNode;

beforeAll(async () => {
  [master, other, slave] = await Promise.all([createEngineNode(), createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master.close(), other.close(), slave.close()]);
});

/** A list of a master with its replica. The first of its dossiers is the one whose external id goes elsewhere. */
interface Linked {
  node: EngineNode;
  remote: number;
  local: number;
  uuids: string[];
  first: string;
}

async function linked(name: string, { node = master, dossiers = 30 } = {}): Promise<Linked> {
  const remote = await node.makeList(name);
  const uuids = await node.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const [first = ''] = uuids;
  await give(node, first, `of ${name}`);
  const local = await slave.makeList(name);
  expect(await slave.link(node, remote, local)).toMatchObject({ state: 'synced', set_aside: [] });
  return { node, remote, local, uuids, first };
}

const give = (node: EngineNode, uuid: string, externalId: string | null): Promise<unknown> =>
  query(node.database, `update dossiers set external_id = :externalId where uuid = :uuid`, { uuid, externalId });

/** Each list's first dossier gets the external id that the one of the next list had. */
async function rotate(names: readonly string[], lists: readonly Linked[]): Promise<void> {
  for (const list of lists) await give(list.node, list.first, null);
  for (const [index, list] of lists.entries()) await give(list.node, list.first, `of ${names[(index + 1) % names.length]}`);
}

const idOf = async (uuid: string): Promise<string | null | undefined> =>
  (await queryOne<{ external_id: string | null }>(slave.database, `select external_id from dossiers where uuid = :uuid`, { uuid }))
    ?.external_id;

async function expectEqual(lists: readonly Linked[]): Promise<void> {
  for (const { node, local, remote } of lists) {
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(node.database, remote));
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'synced', set_aside: [] });
  }
}

const keepIn = async (list: number, uuids: readonly string[]): Promise<unknown> =>
  query(slave.database, `insert into memberships (list_id, dossier) select :list, unnest(:uuids::uuid[])`, { list, uuids });

async function approve({ local }: Linked): Promise<void> {
  const link = await findLink(slave.database, local);
  const difference = link?.held?.difference ?? '';
  await decideHold(slave.database, { slaveListId: local, difference, decision: 'approved', by: 'admin' });
}

describe('external ids that went from a list of a master to another of its lists', () => {
  it.each(['auto', 'full', 'repair'] as const)('arrive when two are exchanged, in any order, mode %s', async (mode) => {
    const names = [`a ${mode}`, `b ${mode}`];
    const [a, b] = [await linked(`a ${mode}`), await linked(`b ${mode}`)];
    for (const [one, next] of [
      [a, b],
      [b, a],
    ] as const) {
      await rotate(names, [a, b]);
      slave.reminders.length = 0;
      expect(await slave.sync(one.local, { mode })).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
      // The other list is known not to be what it was, and asked for at once.
      expect(await idOf(next.first)).toBeNull();
      expect(await findLink(slave.database, next.local)).toMatchObject({ state: 'pending' });
      expect(slave.reminders).toHaveLength(1);
      expect(await slave.sync(next.local, { mode })).toMatchObject({ state: 'synced', changed: 1, reason: 'repair', set_aside: [] });
      await expectEqual([a, b]);
      for (const { local } of [one, next, one, next]) expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
      // And back again.
      names.reverse();
    }
  });

  it('arrive when they went round three lists', async () => {
    const names = ['ring 1', 'ring 2', 'ring 3'];
    const lists: Linked[] = [];
    for (const name of names) lists.push(await linked(name));
    await rotate(names, lists);
    for (const { local } of lists) expect(await slave.sync(local)).toMatchObject({ state: 'synced', set_aside: [] });
    for (const { local } of lists) await slave.sync(local);
    await expectEqual(lists);
    for (const { local } of lists) expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('arrive in a first sync, whose list is then not loaded as a whole', async () => {
    const b = await linked('before');
    const remote = await master.makeList('large');
    const uuids = await master.makeDossiers(
      [remote],
      Array.from({ length: 2500 }, (_, index) => `large ${index}`),
    );
    const [first = ''] = uuids;
    await give(master, b.first, null);
    await give(master, first, 'of before');
    const local = await slave.makeList('large');
    expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: 2500, set_aside: [] });
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', set_aside: [] });
    await expectEqual([b, { node: master, remote, local, uuids, first }]);
  });

  it('arrive though they were set aside before, also where a guard asks about the rest', async () => {
    const names = ['late 1', 'late 2'];
    const [a, b] = [await linked('late 1'), await linked('late 2', { dossiers: 60 })];
    const own = await slave.makeList('Own');
    await keepIn(own, [a.first, b.first]);
    await rotate(names, [a, b]);
    for (const { local, first } of [a, b]) {
      expect(await slave.sync(local)).toMatchObject({ state: 'synced', set_aside: [{ dossier: first, code: 'EXTERNAL_ID_TAKEN' }] });
    }
    await query(slave.database, `delete from dossiers where set_id = set_of(:own)`, { own });
    expect(await slave.sync(a.local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    await query(master.database, `delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids: b.uuids.slice(5) });
    expect(await slave.sync(b.local)).toMatchObject({ state: 'held' });
    await approve(b);
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', removed: 55, changed: 1, set_aside: [] });
    await expectEqual([a, b]);
  });

  it('are left to a dossier that is in a list of this node as well', async () => {
    const names = ['own 1', 'own 2'];
    const [a, b] = [await linked('own 1'), await linked('own 2')];
    const own = await slave.makeList('Own');
    await keepIn(own, [b.first]);
    await rotate(names, [a, b]);
    const before = await contentOf(slave.database, b.local);
    expect(await slave.sync(a.local)).toMatchObject({ state: 'synced', changed: 0, set_aside: [{ dossier: a.first }] });
    expect(await contentOf(slave.database, b.local)).toEqual(before);
    expect(await findLink(slave.database, b.local)).toMatchObject({ state: 'synced' });
    // What b is to have can be had, and then nothing stands in the way of a any more.
    await slave.sync(b.local);
    await slave.sync(a.local);
    await expectEqual([a, b]);
  });

  it('are left to a dossier of another master', async () => {
    const [a, b] = [await linked('here'), await linked('elsewhere', { node: other })];
    await give(master, a.first, 'of elsewhere');
    const before = await contentOf(slave.database, b.local);
    expect(await slave.sync(a.local)).toMatchObject({ state: 'synced', changed: 0, set_aside: [{ dossier: a.first }] });
    expect(await contentOf(slave.database, b.local)).toEqual(before);
    expect(await slave.sync(b.local)).toMatchObject({ state: 'unchanged' });
  });

  it('are taken from nobody by a run that is held, nor from a list that is held', async () => {
    const names = ['held 1', 'held 2'];
    const [a, b] = [await linked('held 1', { dossiers: 60 }), await linked('held 2')];
    await rotate(names, [a, b]);
    await query(master.database, `delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids: a.uuids.slice(5) });
    const before = [await contentOf(slave.database, a.local), await contentOf(slave.database, b.local)];
    expect(await slave.sync(a.local)).toMatchObject({ state: 'held' });
    expect(await findLink(slave.database, b.local)).toMatchObject({ state: 'synced' });
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', changed: 0, set_aside: [{ dossier: b.first }] });
    expect([await contentOf(slave.database, a.local), await contentOf(slave.database, b.local)]).toEqual(before);
    await approve(a);
    expect(await slave.sync(a.local)).toMatchObject({ state: 'synced', removed: 55, changed: 1, set_aside: [] });
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    await expectEqual([a, b]);
  });

  it('stay where they are when the sync that brought them is taken back too late', async () => {
    const names = ['undo 1', 'undo 2'];
    const [a, b] = [await linked('undo 1'), await linked('undo 2')];
    await rotate(names, [a, b]);
    await slave.sync(a.local);
    await slave.sync(b.local);
    expect(await requestUndo(slave.database, { slaveListId: a.local, by: 'admin' })).toMatchObject({ outcome: 'run' });
    expect(await slave.sync(a.local)).toMatchObject({ state: 'failed', error: { code: 'CANNOT_UNDO' } });
    await expectEqual([a, b]);
  });

  it('go back when it is taken back at once, and come again when a person says so', async () => {
    const names = ['back 1', 'back 2'];
    const [a, b] = [await linked('back 1'), await linked('back 2')];
    await rotate(names, [a, b]);
    await slave.sync(a.local);
    await requestUndo(slave.database, { slaveListId: a.local, by: 'admin' });
    expect(await slave.sync(a.local)).toMatchObject({ state: 'undone', changed: 1 });
    expect([await idOf(a.first), await idOf(b.first)]).toEqual(['of back 1', null]);
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', set_aside: [{ dossier: b.first }] });
    await approve(a);
    expect(await slave.sync(a.local)).toMatchObject({ state: 'synced', changed: 1 });
    expect(await slave.sync(b.local)).toMatchObject({ state: 'synced', changed: 1, set_aside: [] });
    await expectEqual([a, b]);
  });
});
