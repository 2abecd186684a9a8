import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { query, transaction } from '@dossier/postgres/database.ts';
import { createLink, createRun, findLink, finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { beginFetching, readCursor } from '@dossier/replication/cursors.ts';
import { findRun, requestRun, startRun } from '@dossier/replication/runs.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { bookFailure } from '@dossier/worker/run-failure.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { describe, expect, it } from 'vitest';
import { contentOf } from '../kit/engine.ts';
import { createEnginePair } from '../kit/engine-pair.ts';

const { master, slave } = await createEnginePair();

async function linked(name: string, dossiers: number): Promise<{ remote: number; local: number; uuids: string[] }> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  const run = await slave.link(master, remote, local);
  expect(run).toMatchObject({ state: 'synced', method: 'full', added: dossiers, changed: 0, removed: 0, unchanged: 0 });
  return { remote, local, uuids };
}

async function expectEqual(remote: number, local: number): Promise<void> {
  expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
}

describe('the first sync', () => {
  it('replaces what the list held', async () => {
    const remote = await master.makeList('replace');
    await master.makeDossiers([remote], ['Ada', 'Bob']);
    const local = await slave.makeList('replace');
    await slave.makeDossiers([local], ['Will be lost']);
    const run = await slave.link(master, remote, local);
    expect(run).toMatchObject({ state: 'synced', added: 2, removed: 1 });
    await expectEqual(remote, local);
  });

  it('carries numbers that JavaScript can not hold, and every script', async () => {
    const remote = await master.makeList('exact');
    const [dossier] = await master.makeDossiers([remote], ['\u202Eمحمد 🎭 “O’Neill”\t\\N']);
    await query(
      master.database,
      `update dossiers set meta = '{"n": 10000000000000000999, "x": 1.000000000000000005, "z": 1.0}', comment = E'\\\\.\\n\\\\N\\t' where uuid = :dossier`,
      { dossier },
    );
    const local = await slave.makeList('exact');
    expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced' });
    await expectEqual(remote, local);
  });
});

describe('a later sync', () => {
  it('transfers nothing when nothing changed', async () => {
    const { local } = await linked('idle', 20);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged', fetched: 0, pages: 0, unchanged: 20 });
  });

  it('transfers what changed alone, also where so much did that the digest is computed later', async () => {
    const { remote, local, uuids } = await linked('much', 3000);
    const changed = uuids.slice(0, 1200);
    await query(master.database, `update dossiers set comment = 'changed' where uuid = any(:changed::uuid[])`, { changed });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'delta', changed: 1200, unchanged: 1800, fetched: 1200 });
    await expectEqual(remote, local);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('transfers what changed, and removes what left', async () => {
    const { remote, local, uuids } = await linked('delta', 20);
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :uuid`, { uuid: uuids[0] });
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[1] });
    await master.makeDossiers([remote], ['New']);
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', method: 'delta', added: 1, changed: 1, removed: 1, unchanged: 18, fetched: 3 });
    await expectEqual(remote, local);
  });

  it('lets two dossiers exchange their external ids', async () => {
    const { remote, local, uuids } = await linked('swap', 2);
    const [a, b] = uuids;
    await query(
      master.database,
      `update dossiers set external_id = 'swap-' || case uuid when :a then 1 else 2 end where uuid in (:a, :b)`,
      { a, b },
    );
    await slave.sync(local);
    await query(
      master.database,
      `update dossiers set external_id = 'swap-' || case uuid when :a then 2 else 1 end where uuid in (:a, :b)`,
      { a, b },
    );
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 2 });
    await expectEqual(remote, local);
  });

  it('keeps a dossier of two lists one dossier with one id, each list with the version of its own position', async () => {
    const [first, second] = [await master.makeList('shared 1'), await master.makeList('shared 2')];
    const [dossier] = await master.makeDossiers([first, second], ['Shared']);
    const [one, two] = [await slave.makeList('shared 1'), await slave.makeList('shared 2')];
    await slave.link(master, first, one);
    await slave.link(master, second, two);
    const names = () =>
      query(
        slave.database,
        `select p.list_id, d.name, count(d.id) over (partition by d.id) as together from list_positions p join dossiers d on d.set_id = p.set_id
         where d.uuid = :dossier order by 1`,
        { dossier },
      );
    await query(master.database, `update dossiers set name = 'Renamed' where uuid = :dossier`, { dossier });
    slave.reminders.length = 0;
    expect(await slave.sync(one)).toMatchObject({ state: 'synced', changed: 1 });
    expect(await names()).toEqual([
      { list_id: one, name: 'Renamed', together: 2 },
      { list_id: two, name: 'Shared', together: 2 },
    ]);
    expect(slave.reminders).toEqual([]);
    expect(await slave.sync(two)).toMatchObject({ state: 'synced', changed: 1 });
    await expectEqual(second, two);
  });
});

describe('when the replica is not what the last sync left', () => {
  it('compares by content and mends only what differs', async () => {
    const { remote, local, uuids } = await linked('mend', 300);
    await query(slave.database, `update dossiers set comment = 'by hand' where uuid = :uuid`, { uuid: uuids[3] });
    await query(slave.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[4] });
    await slave.makeDossiers([local], ['Intruder']);
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', method: 'reconcile', added: 1, changed: 1, removed: 1, fetched: 2 });
    await expectEqual(remote, local);
  });

  it('finds in a verification what was changed behind the triggers, and the next sync mends it', async () => {
    const { remote, local, uuids } = await linked('deep', 50);
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
    await slave.database.transaction(async (tx) => {
      await query(tx, `set local session_replication_role = replica`);
      await query(tx, `update dossiers set name = 'Somebody else' where uuid = :uuid`, { uuid: uuids[7] });
    });
    const verified = await slave.sync(local, { mode: 'verify' });
    expect(verified).toMatchObject({ state: 'failed', error: { code: 'REPLICA_DIFFERS' } });
    expect(verified.differences).toMatchObject([{ kind: 'changed', dossier: uuids[7] }]);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', changed: 1, fetched: 1 });
    await expectEqual(remote, local);
  });

  it('compares by content with a master that was restored from a backup, and asks before it takes back what the replica had', async () => {
    const { remote, local, uuids } = await linked('restore', 30);
    await query(master.database, `update dossiers set name = 'Later' where uuid = any(:uuids::uuid[])`, { uuids: uuids.slice(0, 3) });
    await slave.sync(local);
    // What a restore leaves: an older content with its date, under a revision that the replica has passed.
    await query(master.database, `update dossiers set name = 'Before' where uuid = any(:uuids::uuid[])`, { uuids: uuids.slice(0, 3) });
    await master.database.transaction(async (tx) => {
      await query(tx, `set local session_replication_role = replica`);
      await query(
        tx,
        `update dossiers set revision = revision - 3, modified_date = modified_date - interval '1 hour' where set_id = set_of(:remote) and uuid = any(:uuids::uuid[])`,
        {
          remote,
          uuids: uuids.slice(0, 3),
        },
      );
      await query(tx, `update list_positions set revision = revision - 3, tree_revision = revision - 3 where list_id = :remote`, {
        remote,
      });
    });
    const run = await slave.sync(local);
    expect(run).toMatchObject({
      state: 'held',
      method: 'reconcile',
      held: { changing: 3, removing: 0, reasons: [{ guard: 'fork', count: 3 }] },
    });
    const approval = { slaveListId: local, difference: run.held?.difference ?? '', decision: 'approved', by: 'admin' } as const;
    expect(await decideHold(slave.database, approval)).toMatchObject({ outcome: 'approved' });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'reconcile', changed: 3 });
    await expectEqual(remote, local);
  });

  it('starts over when the tombstones it would need are gone', async () => {
    const { remote, local, uuids } = await linked('floor', 30);
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
    await query(master.database, `delete from tombstones where set_id = set_of(:remote)`, { remote });
    await query(master.database, `update list_positions set floor = revision where list_id = :remote`, { remote });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'reconcile', removed: 1 });
    await expectEqual(remote, local);
  });
});

describe('a list that somebody changes by hand', () => {
  it('is not called unchanged if that happened while the master was asked', async () => {
    let meanwhile: (() => Promise<unknown>) | null = null;
    const between = createServer((request, response) => {
      const act = meanwhile?.() ?? Promise.resolve();
      meanwhile = null;
      act.then(
        () => master.feed(request, response),
        () => response.destroy(),
      );
    });
    await once(between.listen(0, '127.0.0.1'), 'listening');
    const remote = await master.makeList('by hand');
    const uuids = await master.makeDossiers([remote], ['Ada', 'Bob', 'Cyd']);
    const local = await slave.makeList('by hand');
    await slave.link({ feedUrl: `http://127.0.0.1:${(between.address() as AddressInfo).port}` }, remote, local);
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
    meanwhile = () => query(slave.database, `update dossiers set comment = 'by hand' where uuid = :uuid`, { uuid: uuids[0] });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'reconcile', changed: 1 });
    await expectEqual(remote, local);
    between.closeAllConnections();
    between.close();
  });

  it('waits for its first sync, though a verification found it equal', async () => {
    const remote = await master.makeList('never synced');
    const local = await slave.makeList('never synced');
    await createLink(slave.database, {
      slaveListId: local,
      remoteUrl: master.feedUrl,
      remoteListId: remote,
      refuseNonEmpty: false,
      by: null,
    });
    await query(slave.database, `update runs set finished_date = now(), state = 'failed' where slave_list_id = :local`, { local });
    expect(await slave.sync(local, { mode: 'verify' })).toMatchObject({ state: 'synced', differences: [] });
    expect(await query(slave.database, `select state, verified_at from links where slave_list_id = :local`, { local })).toEqual([
      { state: 'pending', verified_at: null },
    ]);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'full' });
  });
});

const unfinishedOf = (local: number): Promise<unknown[]> =>
  query(slave.database, `select id from runs where slave_list_id = :local and finished_date is null`, { local });

describe('a run that is asked for', () => {
  it('while its link ends is not left behind', async () => {
    const { local } = await linked('ends', 2);
    const wanted = { slaveListId: local, reason: 'repair', mode: 'auto', by: null } as const;
    const ended = await transaction(slave.database, async (tx) => {
      expect(await requestRun(tx, wanted)).toMatchObject({ outcome: 'run' });
      expect(await startUnlink(slave.database, local, true)).toBe(true);
      const ending = finishUnlink(slave.database, local);
      await expect
        .poll(() =>
          query(slave.database, `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%unlinking%for update%'`),
        )
        .toHaveLength(1);
      // Not awaited: it ends only after this transaction.
      return { ending };
    });
    expect(await ended.ending).toBe(true);
    expect(await unfinishedOf(local)).toEqual([]);
    expect(await requestRun(slave.database, wanted)).toEqual({ outcome: 'no-link' });
    expect(await unfinishedOf(local)).toEqual([]);
  });

  it('is rolled back when its link is cancelled while it is applied, and the cancellation does not wait', async () => {
    const { remote, local } = await linked('cancelled', 3);
    const before = await contentOf(slave.database, local);
    await query(master.database, `update dossiers set comment = 'new' where set_id = set_of(:remote)`, {
      remote,
    });
    await transaction(slave.database, async (tx) => {
      await query(tx, `select from dossiers where set_id = set_of(:local) for update`, { local });
      const cut = expect(slave.sync(local)).rejects.toThrow();
      await expect
        .poll(() =>
          query(slave.database, `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%update dossiers%'`),
        )
        .toHaveLength(1);
      expect(await startUnlink(slave.database, local, false)).toBe(true);
      await cut;
    });
    expect(await contentOf(slave.database, local)).toEqual(before);
    expect(await findLink(slave.database, local)).toMatchObject({ state: 'unlinking' });
    expect(await unfinishedOf(local)).toEqual([]);
  });

  it('while a sync of it is applied does not wait for that', async () => {
    const { local } = await linked('applied', 2);
    await transaction(slave.database, async (tx) => {
      await query(tx, `select from links where slave_list_id = :local for no key update`, { local });
      expect(await requestRun(slave.database, { slaveListId: local, reason: 'person', mode: 'auto', by: null })).toMatchObject({
        outcome: 'run',
      });
    });
  });
});

describe('a fence', () => {
  it('does not grow for a run that ended while a worker waited for its link', async () => {
    const { local } = await linked('frozen', 2);
    const asked = await requestRun(slave.database, { slaveListId: local, reason: 'person', mode: 'auto', by: null });
    const runId = asked.outcome === 'run' ? asked.run.id : 0;
    const before = await findLink(slave.database, local);
    const late = await transaction(slave.database, async (tx) => {
      await query(tx, `select from links where slave_list_id = :local for update`, { local });
      const taking = startRun(slave.database, runId, 1);
      await expect
        .poll(() => query(slave.database, `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
        .toHaveLength(1);
      await query(tx, `update runs set state = 'unchanged', finished_date = now() where id = :runId`, { runId });
      return { taking };
    });
    expect(await late.taking).toBeNull();
    expect(await findLink(slave.database, local)).toMatchObject({ state: before?.state, fence: before?.fence });
    expect(await unfinishedOf(local)).toEqual([]);
  });

  it('stops a worker whose run was taken by another', async () => {
    const { remote, local } = await linked('fence', 5);
    await master.makeDossiers([remote], ['Late']);
    const before = await contentOf(slave.database, local);
    // The link's fence grows as soon as the run's first page is staged, as when another worker takes the run.
    await slave.database.raw(`
      create function steal() returns trigger language plpgsql as $$ begin
        update links set fence = fence + 1 where slave_list_id = ${local}; return null; end $$;
      create trigger steal after insert on cursors for each statement execute function steal();`);
    await expect(slave.sync(local)).rejects.toMatchObject({ code: 'SUPERSEDED', kind: 'stop' });
    await slave.database.raw('drop function steal() cascade');
    expect(await contentOf(slave.database, local)).toEqual(before);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1 });
  });

  it('keeps what another worker fetches from the failure of one that it stopped', async () => {
    const { remote, local } = await linked('fenced failure', 5);
    await master.makeDossiers([remote], ['Late']);
    const run = await createRun(slave.database, { slaveListId: local, reason: 'person', mode: 'auto', by: null });
    const gone = await startRun(slave.database, run.id, 1);
    const owner = await startRun(slave.database, run.id, 2);
    if (!gone || !owner) throw new Error('the run was not taken');
    const head = { epoch: randomUUID(), revision: 1, count: 0, digest: '' };
    await beginFetching(slave.database, { runId: run.id, listId: local, fence: owner.fence }, { method: 'full', revision: 0, head });
    const error = new SyncFailure('NO_SUCH_LIST', 'The master has no such list.');
    const context = {
      jobId: 'gone',
      attempt: 1,
      lastAttempt: true,
      retriedByHand: false,
      signal: new AbortController().signal,
      log: () => undefined,
    };
    const letters: unknown[] = [];
    const queues = { enqueue: async (...reminder: unknown[]) => letters.push(reminder) };
    const deps = { database: slave.database, queues: queues as never, now: () => new Date() };
    await bookFailure(deps, gone, { error, context, seed: 1 });
    expect(await readCursor(slave.database, run.id)).toMatchObject({ method: 'full', phase: 'fetching' });
    expect(await findRun(slave.database, run.id)).toMatchObject({ finished_date: null, error: null });
    expect(letters).toEqual([]);
  });
});
