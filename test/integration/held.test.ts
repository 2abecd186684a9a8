import { defaultGuards } from '@dossier/domain/guards.ts';
import type { Guards, HoldReason } from '@dossier/domain/guards.ts';
import { query } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { changeGuards } from '@dossier/replication/guard-changes.ts';
import { expireHolds, listHeldDossiers } from '@dossier/replication/holds.ts';
import { findLink } from '@dossier/replication/links.ts';
import type { RunRow } from '@dossier/replication/runs.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentOf, createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

let master: EngineNode;
let slave: EngineNode;

beforeAll(async () => {
  [master, slave] = await Promise.all([createEngineNode(), createEngineNode()]);
});
afterAll(async () => {
  await Promise.all([master.close(), slave.close()]);
});

interface Linked {
  remote: number;
  local: number;
  uuids: string[];
}

async function linked(name: string, dossiers = 100): Promise<Linked> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced', added: dossiers });
  return { remote, local, uuids };
}

const onMaster = (sql: string, parameters: Record<string, unknown>): Promise<unknown[]> => query(master.database, sql, parameters);
const remove = (uuids: readonly string[]): Promise<unknown> => onMaster(`delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids });
const rename = (uuids: readonly string[]): Promise<unknown> =>
  onMaster(`update dossiers set name = name || '!' where uuid = any(:uuids::uuid[])`, { uuids });

/** Puts all dossiers of one list into another. */
const copied = `insert into dossiers (set_id, uuid, name) select set_of(:to), uuid, name from dossiers where set_id = set_of(:from)`;

async function expectEqual({ remote, local }: Linked): Promise<void> {
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
}

async function expectHeld(list: Linked, run: RunRow, guards: HoldReason[], before: unknown): Promise<string> {
  expect(run).toMatchObject({ state: 'held', error: { code: 'HELD' }, added: 0, changed: 0, removed: 0 });
  expect(run.finished_date).not.toBeNull();
  expect(run.held?.reasons.map(({ guard }) => guard)).toEqual(guards);
  expect(await contentOf(slave.database, list.local)).toEqual(before);
  expect(await findLink(slave.database, list.local)).toMatchObject({ state: 'held', held: { run_id: run.id, state: 'waiting' } });
  return run.held?.difference ?? '';
}

const setGuards = (list: Linked, guards: Partial<Guards>) => changeGuards(slave.database, { slaveListId: list.local, guards, by: 'admin' });

const decide = (list: Linked, difference: string, decision: 'approved' | 'rejected' = 'approved') =>
  decideHold(slave.database, { slaveListId: list.local, difference, decision, by: 'admin' });

describe('a guard', () => {
  it.each(['auto', 'full'] as const)('stops an emptied list, mode %s, and lets it pass once a person says so', async (mode) => {
    const list = await linked(`emptied ${mode}`, 60);
    const before = await contentOf(slave.database, list.local);
    await onMaster(`delete from dossiers where set_id = set_of(:remote)`, { remote: list.remote });
    const run = await slave.sync(list.local, { mode });
    const difference = await expectHeld(list, run, ['emptied', 'deletions'], before);
    expect(run.held).toMatchObject({ removing: 60, adding: 0, changing: 0, lost: 0 });
    expect(run.held?.examples[0]).toMatchObject({
      kind: 'removing',
      dossier: expect.any(String),
      name: `emptied ${mode} 0`,
      id: expect.any(Number),
    });
    expect(await decide(list, difference)).toMatchObject({ outcome: 'approved' });
    const applied = await slave.sync(list.local, { mode, reason: 'approval' });
    expect(applied).toMatchObject({ state: 'synced', method: run.method, removed: 60, held: null });
    expect(await contentOf(slave.database, list.local)).toEqual([]);
    expect(await findLink(slave.database, list.local)).toMatchObject({ state: 'synced', error: null, held: null });
    expect(await query(slave.database, `select state, decided_by from holds where slave_list_id = :local`, list as never)).toEqual([
      { state: 'applied', decided_by: 'admin' },
    ]);
    expect(await query(slave.database, `select from held_dossiers`)).toEqual([]);
    expect(await decide(list, difference)).toEqual({ outcome: 'not-held' });
  });

  it('stops deletions, changes, deactivations and growth, each by its own limit', async () => {
    const list = await linked('limits', 300);
    const { local, uuids, remote } = list;
    const before = await contentOf(slave.database, local);
    await remove(uuids.slice(0, 51));
    await expectHeld(list, await slave.sync(local), ['deletions'], before);
    await rename(uuids.slice(51, 252));
    await expectHeld(list, await slave.sync(local), ['deletions', 'changes'], before);
    await onMaster(`update dossiers set active = false where uuid = any(:uuids::uuid[])`, { uuids: uuids.slice(51, 112) });
    const run = await slave.sync(local);
    await expectHeld(list, run, ['deletions', 'changes', 'deactivations'], before);
    expect(run.held).toMatchObject({ removing: 51, changing: 201, deactivating: 61 });
    await master.makeDossiers(
      [remote],
      Array.from({ length: 652 }, (_, index) => `more ${index}`),
    );
    await expectHeld(list, await slave.sync(local), ['deletions', 'changes', 'deactivations', 'growth'], before);
  });

  it('is silent below its limits, and for a first sync', async () => {
    const list = await linked('silent', 300);
    await remove(list.uuids.slice(0, 50));
    await rename(list.uuids.slice(50, 250));
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 50, changed: 200 });
    await expectEqual(list);
    const local = await slave.makeList('first');
    await slave.makeDossiers(
      [local],
      Array.from({ length: 100 }, (_, index) => `will be lost ${index}`),
    );
    expect(await slave.link(master, list.remote, local)).toMatchObject({ state: 'synced', removed: 100 });
  });

  it('asks before a list melts away night by night', async () => {
    const list = await linked('melting', 1000);
    const night = () => query(slave.database, `update removals set day = day - 1 where list_id = :local`, list as never);
    for (const [removed, made] of [
      [0, 80],
      [80, 60],
    ] as const) {
      await remove(list.uuids.slice(removed, removed + made));
      expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: made });
      await night();
    }
    // Made inactive is gone, too.
    await onMaster(`update dossiers set active = false where uuid = any(:uuids::uuid[])`, { uuids: list.uuids.slice(140, 200) });
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', changed: 60 });
    await night();
    const before = await contentOf(slave.database, list.local);
    await remove(list.uuids.slice(200, 201));
    const run = await slave.sync(list.local);
    const difference = await expectHeld(list, run, ['weekly'], before);
    expect(run.held?.reasons).toMatchObject([{ count: 201, limit: 200 }]);
    expect(await decide(list, difference)).toMatchObject({ outcome: 'approved' });
    expect(await slave.sync(list.local, { reason: 'approval' })).toMatchObject({ state: 'synced', removed: 1 });
    // With what a person has looked at the week begins anew.
    await remove(list.uuids.slice(201, 280));
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 79 });
    await expectEqual(list);
    await query(slave.database, `update removals set day = day - 7 where list_id = :local`, list as never);
    await remove(list.uuids.slice(280, 350));
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 70 });
    expect(await query(slave.database, `select held, gone from removals where list_id = :local`, list as never)).toEqual([
      { held: 780, gone: 70 },
    ]);
  });

  it('follows what its link says', async () => {
    const list = await linked('settings', 100);
    const before = await contentOf(slave.database, list.local);
    await setGuards(list, { deletions: { count: 0, percent: 0 } });
    await remove(list.uuids.slice(0, 1));
    await expectHeld(list, await slave.sync(list.local), ['deletions'], before);
    await setGuards(list, { deletions: null });
    await remove(list.uuids.slice(1, 99));
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 99 });
    await expectEqual(list);
    expect(await query(slave.database, `select state from holds where slave_list_id = :local`, list as never)).toEqual([
      { state: 'superseded' },
    ]);
  });

  it.each([100, 600])('takes %i dossiers that come back under their external ids for the same persons', async (count) => {
    const list = await linked(`made anew ${count}`, count);
    await setGuards(list, { changes: null });
    await onMaster(`update dossiers set external_id = 'anew ' || uuid where uuid = any(:uuids::uuid[])`, list as never);
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', changed: count });
    await setGuards(list, { changes: defaultGuards.changes });
    const people = await query<{ name: string; comment: string; external_id: string }>(
      master.database,
      `select name, comment, external_id from dossiers where uuid = any(:uuids::uuid[])`,
      list as never,
    );
    const remake = async (active: boolean): Promise<void> => {
      await onMaster(`delete from dossiers where set_id = set_of(:remote)`, { remote: list.remote });
      await onMaster(
        `insert into dossiers (set_id, name, comment, external_id, active) select set_of(:remote), p.name, p.comment, p.external_id, :active
         from jsonb_to_recordset(:people::jsonb) p (name text, comment text, external_id text)`,
        { remote: list.remote, active, people: JSON.stringify(people) },
      );
    };
    await remake(true);
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', added: count, removed: count });
    await expectEqual(list);
    // But not, if they come back as others.
    await remake(false);
    const held = await slave.sync(list.local);
    expect(held).toMatchObject({ state: 'held' });
    expect(held.held?.reasons).toContainEqual(expect.objectContaining({ guard: 'deactivations', count }));
  });

  it('does not stop the repair of a replica that was changed here', async () => {
    const list = await linked('repair', 100);
    await query(slave.database, `delete from dossiers where uuid = any(:uuids::uuid[])`, { uuids: list.uuids.slice(0, 90) });
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', method: 'reconcile', added: 90 });
    await slave.makeDossiers(
      [list.local],
      Array.from({ length: 200 }, (_, index) => `intruder ${index}`),
    );
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 200 });
    await expectEqual(list);
  });
});

describe('what is held', () => {
  it('still holds after a verification that finds what it is about, and no more after one that finds both equal', async () => {
    const list = await linked('verified', 60);
    const before = await contentOf(slave.database, list.local);
    const other = await master.makeList('where they stay');
    await onMaster(copied, { from: list.remote, to: other });
    await onMaster(`delete from dossiers where set_id = set_of(:remote)`, { remote: list.remote });
    await expectHeld(list, await slave.sync(list.local), ['emptied', 'deletions'], before);
    const verified = await slave.sync(list.local, { mode: 'verify' });
    expect(verified).toMatchObject({ state: 'failed', error: { code: 'REPLICA_DIFFERS' } });
    expect(verified.differences).toHaveLength(60);
    expect(await findLink(slave.database, list.local)).toMatchObject({
      state: 'held',
      error: { code: 'HELD' },
      held: { state: 'waiting' },
    });
    await onMaster(copied, { from: other, to: list.remote });
    expect(await slave.sync(list.local, { mode: 'verify' })).toMatchObject({ state: 'synced' });
    expect(await findLink(slave.database, list.local)).toMatchObject({ state: 'synced', error: null, held: null });
  });

  it('is superseded when the list is in order again, though the next nights asked in vain', async () => {
    const list = await linked('again', 100);
    const before = await contentOf(slave.database, list.local);
    await onMaster(`update dossiers set active = false where uuid = any(:uuids::uuid[])`, list as never);
    await expectHeld(list, await slave.sync(list.local, { reason: 'schedule' }), ['deactivations'], before);
    const second = await slave.sync(list.local, { reason: 'schedule' });
    await expectHeld(list, second, ['deactivations'], before);
    await onMaster(`update dossiers set active = true where uuid = any(:uuids::uuid[])`, list as never);
    expect(await slave.sync(list.local, { reason: 'schedule' })).toMatchObject({ state: 'synced', changed: 0 });
    await expectEqual(list);
    expect(await findLink(slave.database, list.local)).toMatchObject({ state: 'synced', held: null });
    expect(await decide(list, second.held?.difference ?? '')).toEqual({ outcome: 'not-held' });
  });

  it.each(['auto', 'full'] as const)('is not applied when the master moved on after the approval, mode %s', async (mode) => {
    const list = await linked(`moved ${mode}`, 100);
    const before = await contentOf(slave.database, list.local);
    await remove(list.uuids.slice(0, 60));
    const difference = await expectHeld(list, await slave.sync(list.local, { mode }), ['deletions'], before);
    expect(await decide(list, difference)).toMatchObject({ outcome: 'approved' });
    await remove(list.uuids.slice(60, 70));
    const run = await slave.sync(list.local, { reason: 'approval' });
    expect(run).toMatchObject({ state: 'held', error: { code: 'APPROVAL_SUPERSEDED' }, held: { removing: 70, state: 'waiting' } });
    expect(await contentOf(slave.database, list.local)).toEqual(before);
    expect(await decide(list, difference)).toEqual({ outcome: 'superseded' });
    expect(await decide(list, run.held?.difference ?? '')).toMatchObject({ outcome: 'approved' });
    expect(await slave.sync(list.local)).toMatchObject({ state: 'synced', removed: 70 });
    await expectEqual(list);
  });

  it('is not applied when the replica was changed after the approval', async () => {
    const list = await linked('replica', 100);
    await remove(list.uuids.slice(0, 60));
    const run = await slave.sync(list.local);
    await decide(list, run.held?.difference ?? '');
    await slave.makeDossiers([list.local], ['Intruder']);
    expect(await slave.sync(list.local)).toMatchObject({ state: 'held', error: { code: 'APPROVAL_SUPERSEDED' }, held: { removing: 61 } });
  });

  it('stays rejected until the master changes the list or a person asks again', async () => {
    const list = await linked('rejected', 100);
    const before = await contentOf(slave.database, list.local);
    await remove(list.uuids.slice(0, 60));
    const difference = await expectHeld(list, await slave.sync(list.local), ['deletions'], before);
    expect(await decide(list, difference, 'rejected')).toEqual({ outcome: 'rejected' });
    expect(await decide(list, difference)).toMatchObject({ outcome: 'decided-before' });
    // Not even with guards that would let it pass.
    await setGuards(list, { deletions: null });
    const night = await slave.sync(list.local, { reason: 'schedule' });
    expect(night).toMatchObject({ state: 'held', held: { state: 'rejected', decided_by: 'admin', difference } });
    expect(await contentOf(slave.database, list.local)).toEqual(before);
    await remove(list.uuids.slice(60, 61));
    expect(await slave.sync(list.local, { reason: 'schedule' })).toMatchObject({ state: 'synced', removed: 61 });
    await expectEqual(list);
  });

  it('can be approved for 24 hours, and is asked anew after that', async () => {
    const list = await linked('expiry', 100);
    await remove(list.uuids.slice(0, 60));
    const run = await slave.sync(list.local);
    const hold = `update holds set held_date = held_date - interval '24 hours', expires_date = expires_date - interval '24 hours' where run_id = :run`;
    await query(slave.database, hold, { run: run.id });
    expect(await decide(list, run.held?.difference ?? '')).toEqual({ outcome: 'expired' });
    expect(await findLink(slave.database, list.local)).toMatchObject({ state: 'held', held: { state: 'expired' } });
    expect(await expireHolds(slave.database)).toEqual([list.local]);
    const again = await slave.sync(list.local, { reason: 'schedule' });
    expect(again).toMatchObject({ state: 'held', held: { state: 'waiting', difference: run.held?.difference } });
    await decide(list, again.held?.difference ?? '');
    await query(slave.database, hold, { run: again.id });
    // An approval that came to nothing in time is none any more.
    expect(await slave.sync(list.local, { reason: 'approval' })).toMatchObject({ state: 'held', held: { state: 'waiting' } });
  });

  it('names everything, page by page and by kind', async () => {
    const list = await linked('names', 300);
    await remove(list.uuids.slice(0, 150));
    await onMaster(`update dossiers set active = false where uuid = any(:uuids::uuid[])`, { uuids: list.uuids.slice(150, 250) });
    await rename(list.uuids.slice(250, 260));
    await master.makeDossiers([list.remote], ['New one']);
    const run = await slave.sync(list.local);
    const link = await findLink(slave.database, list.local);
    const holdId = link?.held?.id ?? 0;
    const seen: { kind: string; name: string | null }[] = [];
    for (let cursor = null as Parameters<typeof listHeldDossiers>[2]['cursor']; ;) {
      const page = await listHeldDossiers(slave.database, { holdId, kind: null }, { cursor, limit: 70 });
      seen.push(...page.rows);
      cursor = page.next;
      if (!cursor) break;
    }
    const kinds = Map.groupBy(seen, ({ kind }) => kind);
    expect([...kinds].map(([kind, { length }]) => [kind, length])).toEqual([
      ['removing', 150],
      ['deactivating', 100],
      ['changing', 10],
      ['adding', 1],
    ]);
    expect(seen.at(-1)).toMatchObject({ kind: 'adding', name: 'New one', id: null });
    expect(run.held?.examples).toHaveLength(100);
    const changing = await listHeldDossiers(slave.database, { holdId, kind: 'changing' }, { cursor: null, limit: 1000 });
    expect(changing.rows).toHaveLength(110);
  });
});
