import { heldPageSchema } from '@dossier/protocol/held.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import type { Held } from '@dossier/protocol/held.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { NodeProcess } from '../kit/node-process.ts';

/* A person at the slave, by REST and by the command line: what is held, and all that can become of it. */

let master: NodeProcess;
let slave: NodeProcess;
let remote: number;
let local: number;
const dossiers = 120;

beforeAll(async () => {
  const topology = { workers: 'in the same process' } as const;
  [master, slave] = await Promise.all([NodeProcess.create('master', { topology }), NodeProcess.create('slave', { topology })]);
});
afterAll(async () => {
  await Promise.all([master.remove(), slave.remove()]);
});

/** A linked list of 120 dossiers, another one for each test. */
async function startList(name: string): Promise<void> {
  onTestFailed(async () => console.error((await slave.log()).slice(-3000)));
  remote = await master.makeList(name);
  await query(
    master.test.database,
    `insert into dossiers (set_id, name, external_id)
     select set_of(:remote), :name || ' ' || i, :name || '-' || i from generate_series(1, ${dossiers}) i`,
    { remote, name },
  );
  local = await slave.makeList(name);
  await slave.link(master.url, remote, local);
  await slave.linkIn(local, 'synced');
}
afterEach(async () => {
  await slave.call('DELETE', `/sync/dossier-lists/${local}/?purge=true`);
});

const base = (): string => `/sync/dossier-lists/${local}`;
const held = (): Promise<Held> => slave.want(200, heldPageSchema, ['GET', `${base()}/held/`]);
const refused = (path: string, difference: string) => slave.want(409, problemSchema, ['POST', `${base()}/held/${path}/`, { difference }]);

async function emptyOnMaster(): Promise<void> {
  expect((await master.call('POST', `/dossier-lists/${remote}/purge/`)).status).toBe(204);
}

async function expectHeld(): Promise<Link> {
  const run = await slave.sync(local);
  expect(run).toMatchObject({ state: 'held', added: 0, changed: 0, removed: 0, held: { removing: dossiers, state: 'waiting' } });
  const link = await slave.linkIn(local, 'held');
  expect(link).toMatchObject({
    local_count: dossiers,
    remote_count: 0,
    error: { code: 'HELD' },
    held: { run: run.id, reasons: [{ guard: 'emptied' }, { guard: 'deletions' }] },
  });
  expect(Date.parse(link.held?.expires_date ?? '') - Date.parse(link.held?.held_date ?? '')).toBe(24 * 60 * 60 * 1000);
  expect(await slave.dossiers(local)).toHaveLength(dossiers);
  return link;
}

describe('a list that was emptied on the master', () => {
  it('is held, shown with its names by REST and command line, and applied once it is approved', async () => {
    await startList('approved');
    const before = await slave.linkIn(local, 'synced');
    await emptyOnMaster();
    const link = await expectHeld();
    expect(link.verified_at).toBe(before.verified_at);
    expect(link.revision).toBe(before.revision);
    expect(link.head_revision).toBeGreaterThan(link.revision ?? 0);

    const first = await slave.want(200, heldPageSchema, ['GET', `${base()}/held/?kind=removing&limit=100`]);
    const second = await slave.want(200, heldPageSchema, ['GET', `${base()}/held/?kind=removing&limit=100&page=${first.next_page}`]);
    expect([first.results.length, second.results.length, second.next_page]).toEqual([100, 20, null]);
    expect(first.results[0]).toMatchObject({ kind: 'removing', name: 'approved 1', external_id: 'approved-1' });
    expect((await slave.call('GET', `${base()}/held/?kind=nonsense`)).status).toBe(400);

    expect(await slave.cli('status')).toMatchObject({ printed: expect.stringContaining('all 120 dossiers would go') });
    const table = await slave.cli('held');
    expect(table.printed).toMatch(/waiting +120 +0 +0 .*emptied, deletions/);
    const names = await slave.cli('held', String(local), '--all');
    expect(names.printed).toContain('approved 120');
    expect(names.printed).toContain('The list would be empty: all 120 dossiers would go.');

    expect(await slave.cli('sync', String(local), '--wait')).toMatchObject({ code: 3 });
    expect(await slave.cli('approve', String(local), '--wait')).toMatchObject({ code: 0, printed: expect.stringContaining('120 removed') });
    expect(await slave.linkIn(local, 'synced')).toMatchObject({ local_count: 0, held: null, error: null });
    expect((await slave.call('GET', `${base()}/held/`)).status).toBe(404);
    expect(await slave.cli('approve', String(local))).toMatchObject({ code: 1, printed: expect.stringContaining('Nothing is held') });
    const audit = (await slave.call('GET', '/audit/?action=held-approved')).json as { results: object[] };
    expect(audit.results[0]).toMatchObject({ actor: 'admin', details: { difference: link.held?.difference } });
  });

  it('is superseded when the master has its dossiers again', async () => {
    await startList('superseded');
    const other = await master.makeList('keeps them');
    const copied = `insert into dossiers (set_id, uuid, name, external_id)
      select set_of(:to), uuid, name, external_id from dossiers where set_id = set_of(:from)`;
    await query(master.test.database, copied, { from: remote, to: other });
    await emptyOnMaster();
    const { difference } = (await expectHeld()).held as Held;
    await query(master.test.database, copied, { from: other, to: remote });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 0, changed: 0, removed: 0 });
    expect(await slave.linkIn(local, 'synced')).toMatchObject({ held: null, local_count: dossiers });
    expect((await slave.cli('held')).printed).not.toContain('waiting');
    expect(await refused('approve', difference)).toMatchObject({ code: 'CONFLICT' });
  });

  it('stays rejected until the list changes there', async () => {
    await startList('rejected');
    await emptyOnMaster();
    const { difference } = (await expectHeld()).held as Held;
    expect(await slave.cli('reject', String(local))).toMatchObject({ code: 0 });
    expect(await held()).toMatchObject({ state: 'rejected', decided_by: 'admin', difference });
    expect(await slave.cli('held')).toMatchObject({ printed: expect.stringMatching(/rejected +120/) });
    expect(await refused('approve', difference)).toMatchObject({ detail: expect.stringContaining('admin has rejected this already') });
    await query(slave.test.database, `insert into runs (slave_list_id, reason) values (:local, 'schedule')`, { local });
    await slave.until('through with the night', async () => (await slave.runs(local)).every((run) => run.finished_date !== null));
    expect((await slave.runs(local))[0]).toMatchObject({ state: 'held', held: { state: 'rejected' } });
    expect(await slave.dossiers(local)).toHaveLength(dossiers);
    for (let index = 0; index < dossiers; index += 1) await master.makeDossier([remote], { name: `again ${index}` });
    await slave.want(200, linkSchema, ['PATCH', `${base()}/`, { guards: { deletions: null } }]);
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: dossiers, removed: dossiers });
  });

  it('expires after 24 hours, and is asked anew', async () => {
    await startList('expired');
    await emptyOnMaster();
    const { difference, run } = (await expectHeld()).held as Held;
    await query(slave.test.database, `update holds set expires_date = now() where run_id = :run`, { run });
    expect(await refused('approve', difference)).toMatchObject({ detail: expect.stringContaining('has waited for too long') });
    expect(await held()).toMatchObject({ state: 'expired' });
    expect(await slave.cli('held')).toMatchObject({ printed: expect.stringContaining('expired') });
    const again = (await expectHeld()).held as Held;
    expect(again.difference).toBe(difference);
    expect((await slave.call('POST', `${base()}/held/approve/`, { difference })).status).toBe(202);
    expect(await slave.linkIn(local, 'synced')).toMatchObject({ local_count: 0 });
  });

  it('approved, and then changed on the master, is held anew instead of applied', async () => {
    await startList('moved');
    await emptyOnMaster();
    const { difference } = (await expectHeld()).held as Held;
    await master.makeDossier([remote], { name: 'One is there again' });
    expect(await refused('approve', '0'.repeat(64))).toMatchObject({ detail: expect.stringContaining('Another difference is held') });
    const approved = await slave.cli('approve', String(local), '--difference', difference, '--wait');
    expect(approved).toMatchObject({ code: 3, printed: expect.stringContaining('What was approved is not what would be done now') });
    expect(await slave.linkIn(local, 'held')).toMatchObject({
      local_count: dossiers,
      error: { code: 'APPROVAL_SUPERSEDED' },
      held: { adding: 1, removing: dossiers },
    });
  });
});

describe('what was applied', () => {
  it('is taken back by one command, and not applied again before somebody says so', async () => {
    await startList('undone');
    const first = await slave.dossiers(local);
    await query(master.test.database, `update dossiers set comment = 'wrong' where external_id like 'undone-%'`);
    const run = await slave.sync(local);
    expect(run).toMatchObject({ state: 'synced', changed: dossiers });
    expect(await slave.linkIn(local, 'synced')).toMatchObject({ undo: { run: run.id } });
    expect(await slave.cli('undo', String(local))).toMatchObject({
      code: 0,
      printed: expect.stringContaining('undone; 0 brought back, 120 as before'),
    });
    const link = await slave.linkIn(local, 'held');
    expect(link).toMatchObject({ undo: null, held: { reasons: [{ guard: 'undone' }], changing: dossiers } });
    expect(await slave.dossiers(local)).toEqual(first);
    expect(await slave.sync(local)).toMatchObject({ state: 'held' });
    expect(await slave.cli('undo', String(local))).toMatchObject({ code: 1, printed: expect.stringContaining('no sync of watch list') });
    expect(await slave.cli('approve', String(local), '--wait')).toMatchObject({ code: 0 });
    expect((await slave.dossiers(local)).every(({ comment }) => comment === 'wrong')).toBe(true);
  });
});

describe('guards', () => {
  it('are shown with a link and set by administrators, within reason', async () => {
    await startList('guards');
    const link = await slave.linkIn(local, 'synced');
    expect(link.guards).toEqual({
      emptied: true,
      deletions: { count: 50, percent: 10 },
      changes: { count: 200, percent: 50 },
      deactivations: { percent: 20 },
      growth: { factor: 3 },
      weekly: { count: 50, percent: 20 },
    });
    const set = await slave.want(200, linkSchema, [
      'PATCH',
      `${base()}/`,
      { guards: { growth: null, deletions: { count: 0, percent: 0 } } },
    ]);
    expect(set.guards).toEqual({ ...link.guards, growth: null, deletions: { count: 0, percent: 0 } });
    for (const guards of [
      { deletions: { count: -1, percent: 10 } },
      { deletions: { count: 1 } },
      { deactivations: { percent: 101 } },
      { growth: { factor: 0.5 } },
      { emptied: null },
      { nonsense: true },
      [],
    ]) {
      await slave.want(400, problemSchema, ['PATCH', `${base()}/`, { guards }]);
    }
    await slave.want(400, problemSchema, ['PATCH', `${base()}/`, { state: 'synced' }]);
    await slave.want(404, problemSchema, ['PATCH', '/sync/dossier-lists/999999/', { guards: {} }]);
    expect((await slave.call('PATCH', `${base()}/`, { guards: {} })).status).toBe(200);
  });
});

describe('what a restored master lost', () => {
  it('is written as a file that the master imports again', async () => {
    await startList('lost');
    const [backup] = await query<{ revision: string }>(
      master.test.database,
      `select revision from list_positions where list_id = :remote`,
      { remote },
    );
    await master.makeDossier([remote], { name: 'Made after the backup', external_id: 'lost-late', meta: { rank: 3 } });
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1 });
    await query(master.test.database, `delete from dossiers where external_id = 'lost-late'`);
    await master.test.database.transaction(async (tx) => {
      await query(tx, `set local session_replication_role = replica`);
      await query(tx, `delete from tombstones where set_id = set_of(:remote)`, { remote });
      await query(tx, `update list_positions set revision = :revision, tree_revision = :revision where list_id = :remote`, {
        remote,
        ...backup,
      });
    });
    expect(await slave.sync(local)).toMatchObject({ state: 'held', held: { lost: 1, reasons: [{ guard: 'fork' }] } });
    const answer = await fetch(`${slave.url}${base()}/held/lost/`, { headers: { authorization: 'Token the-token-of-the-tests' } });
    expect(answer.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = (await answer.text()).split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        name: 'Made after the backup',
        active: true,
        comment: '',
        external_id: 'lost-late',
        meta: { rank: 3 },
        valid_from: 'none',
        valid_until: 'none',
      },
    ]);
    const imported = await master.call('POST', `/dossier-lists/${remote}/import/?format=jsonl`, JSON.parse(lines[0] ?? ''));
    expect(imported).toMatchObject({ status: 200, json: { added: 1, refused: 0 } });
    // Nothing is lost any more, so nobody has to be asked.
    expect(await slave.sync(local)).toMatchObject({ state: 'synced', added: 1, removed: 1 });
    expect(await slave.linkIn(local, 'synced')).toMatchObject({ held: null });
  });
});
