import { query } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import { readLostLines } from '@dossier/replication/holds.ts';
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

const tables = ['watch_lists', 'list_positions', 'dossiers', 'tombstones', 'tree_nodes'];

/** Keeps what the master holds, as a backup does. */
async function backUp(): Promise<void> {
  await query(master.database, 'drop schema if exists backup cascade');
  await query(master.database, 'create schema backup');
  for (const table of tables) await query(master.database, `create table backup.${table} as table public.${table}`);
}

/** Puts the master back to its backup, as pg_restore does: under the same epochs and revisions. */
async function restore(): Promise<void> {
  await master.database.transaction(async (tx) => {
    await query(tx, `set local session_replication_role = replica`);
    for (const table of tables) {
      const columns = await query<{ name: string }>(
        tx,
        `select column_name as name from information_schema.columns
         where table_schema = 'public' and table_name = :table and is_generated = 'NEVER' order by ordinal_position`,
        { table },
      );
      const names = columns.map(({ name }) => name).join(', ');
      await query(tx, `delete from public.${table}`);
      await query(tx, `insert into public.${table} (${names}) select ${names} from backup.${table}`);
    }
  });
}

async function linked(name: string, dossiers = 30): Promise<{ remote: number; local: number; uuids: string[] }> {
  const remote = await master.makeList(name);
  const uuids = await master.makeDossiers(
    [remote],
    Array.from({ length: dossiers }, (_, index) => `${name} ${index}`),
  );
  const local = await slave.makeList(name);
  expect(await slave.link(master, remote, local)).toMatchObject({ state: 'synced' });
  return { remote, local, uuids };
}

async function expectHeldFork(local: number, run: RunRow, before: unknown): Promise<void> {
  expect(run).toMatchObject({ state: 'held', method: expect.stringMatching(/^(reconcile|full)$/) });
  expect(run.held?.reasons.map(({ guard }) => guard)).toContain('fork');
  expect(await contentOf(slave.database, local)).toEqual(before);
}

async function approve(local: number, run: RunRow): Promise<RunRow> {
  const difference = run.held?.difference ?? '';
  expect(await decideHold(slave.database, { slaveListId: local, difference, decision: 'approved', by: 'admin' })).toMatchObject({
    outcome: 'approved',
  });
  return slave.sync(local, { reason: 'approval' });
}

describe('a master restored from a backup', () => {
  it.each(['auto', 'full'] as const)('to an older state is held with what it lost, mode %s', async (mode) => {
    const { remote, local, uuids } = await linked(`older ${mode}`);
    await backUp();
    const [lost] = await master.makeDossiers([remote], ['Made after the backup']);
    await query(master.database, `update dossiers set meta = '{"exact": 10000000000000000999}', comment = 'Ж' where uuid = :lost`, {
      lost,
    });
    await query(master.database, `update dossiers set name = 'Changed after it' where uuid = :uuid`, { uuid: uuids[0] });
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[1] });
    await slave.sync(local);
    const before = await contentOf(slave.database, local);
    await restore();
    const run = await slave.sync(local, { mode });
    await expectHeldFork(local, run, before);
    expect(run.held).toMatchObject({ removing: 1, lost: 1, changing: 1, adding: 1, reasons: [{ count: 3 }] });
    expect(run.held?.examples[0]).toMatchObject({ kind: 'lost', name: 'Made after the backup' });
    const link = await findLink(slave.database, local);
    const lines = await readLostLines(slave.database, { holdId: link?.held?.id ?? 0, after: 0, limit: 10, photos: true });
    expect(lines.map(({ line }) => line)).toEqual([expect.stringMatching(/"meta" ?: ?\{"exact": 10000000000000000999\}/)]);
    expect(JSON.parse(lines[0]?.line ?? '')).toMatchObject({ name: 'Made after the backup', comment: 'Ж', active: true });
    expect(await approve(local, run)).toMatchObject({ state: 'synced' });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('and edited past the old head is held, never followed by its changes', async () => {
    const { remote, local, uuids } = await linked('past');
    await backUp();
    await master.makeDossiers([remote], ['Lost']);
    await slave.sync(local);
    const before = await contentOf(slave.database, local);
    await restore();
    for (const index of [2, 3, 4])
      await query(master.database, `update dossiers set name = 'Later' where uuid = :uuid`, { uuid: uuids[index] });
    const run = await slave.sync(local);
    await expectHeldFork(local, run, before);
    expect(run.held).toMatchObject({ removing: 1, lost: 1, changing: 3 });
    expect(await approve(local, run)).toMatchObject({ state: 'synced', removed: 1, changed: 3 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('and edited up to the same revision is held', async () => {
    const { remote, local, uuids } = await linked('same');
    await backUp();
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[0] });
    await slave.sync(local);
    const before = await contentOf(slave.database, local);
    await restore();
    await query(master.database, `delete from dossiers where uuid = :uuid`, { uuid: uuids[1] });
    const run = await slave.sync(local);
    await expectHeldFork(local, run, before);
    expect(run.held).toMatchObject({ adding: 1, removing: 1 });
    await approve(local, run);
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });

  it('that takes nothing back is followed by content, without a question', async () => {
    const { remote, local } = await linked('harmless');
    await backUp();
    // The slave never saw what came after the backup; a new epoch is all that it meets.
    await restore();
    await query(master.database, `update list_positions set epoch = gen_random_uuid() where list_id = :remote`, { remote });
    await master.makeDossiers([remote], ['New']);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', method: 'reconcile', added: 1 });
    expect(await contentOf(slave.database, local)).toEqual(await contentOf(master.database, remote));
  });
});

describe('another list or node under the same address', () => {
  it('is held even where its content is the same, and is the linked one once that is approved', async () => {
    const { remote, local } = await linked('recreated');
    const before = await contentOf(slave.database, local);
    await query(master.database, `update watch_lists set uuid = gen_random_uuid() where id = :remote`, { remote });
    const run = await slave.sync(local);
    await expectHeldFork(local, run, before);
    expect(run.held?.reasons[0]?.sentence).toContain('another list');
    expect(await slave.sync(local, { mode: 'verify' }).catch((error: unknown) => error)).toMatchObject({ code: 'LIST_REPLACED' });
    expect(await approve(local, run)).toMatchObject({ state: 'synced', added: 0, changed: 0, removed: 0 });
    expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
  });

  it('re-created under its number, with other dossiers, is held with all that would go', async () => {
    const { remote, local } = await linked('replaced', 10);
    const before = await contentOf(slave.database, local);
    await query(master.database, `delete from dossiers where set_id = set_of(:remote)`, { remote });
    await query(master.database, `update watch_lists set uuid = gen_random_uuid() where id = :remote`, { remote });
    await query(master.database, `update list_positions set epoch = gen_random_uuid() where list_id = :remote`, { remote });
    await master.makeDossiers([remote], ['Somebody else']);
    const run = await slave.sync(local);
    await expectHeldFork(local, run, before);
    expect(run.held).toMatchObject({ removing: 10, lost: 10, adding: 1 });
  });

  it('another instance behind the URL is held, and neither its name nor its time is learnt', async () => {
    const { local } = await linked('instance', 5);
    const before = await contentOf(slave.database, local);
    const [own] = await query<{ uuid: string }>(master.database, 'select uuid from node');
    const other = await createEngineNode({ SYNC_TIME: '05:55' });
    try {
      const lists = await query<{ id: number }>(
        other.database,
        `insert into watch_lists (id, name) select i, 'Other' from generate_series(1, 50) i returning id`,
      );
      await other.makeDossiers([lists.length], ['Stranger']);
      await query(slave.database, `update links set remote_url = :url, remote_list_id = :list where slave_list_id = :local`, {
        url: other.feedUrl,
        list: lists.length,
        local,
      });
      const run = await slave.sync(local);
      await expectHeldFork(local, run, before);
      expect(run.held?.reasons[0]?.sentence).toContain('Another node');
      expect(await findLink(slave.database, local)).toMatchObject({ remote_node: own?.uuid, remote_name: 'instance', sync_hour: 3 });
      expect(await approve(local, run)).toMatchObject({ state: 'synced', added: 1, removed: 5 });
      expect(await findLink(slave.database, local)).not.toMatchObject({ remote_node: own?.uuid });
      // Once it is followed, what it tells of itself is.
      expect(await slave.sync(local)).toMatchObject({ state: 'unchanged' });
      expect(await findLink(slave.database, local)).toMatchObject({ remote_name: 'Other', sync_hour: 5 });
    } finally {
      await other.close();
    }
  });
});
