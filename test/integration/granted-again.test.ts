import { siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { eraseDue } from '@dossier/replication/withdrawal.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* A list is taken from a site by mistake, or by a fault, and granted again: what comes then is judged as if it had never been away, and nothing is deleted in between. */

let master: NodeApi;
let gate: NodeApi;
let remote: number;
let local: number;

beforeAll(async () => {
  [master, gate] = await Promise.all([startNodeApi(), startNodeApi({ NODE_NAME: 'Gate' })]);
  await gate.work();
});
afterAll(async () => {
  await Promise.all([master.stop(), gate.stop()]);
});

beforeEach(async () => {
  remote = await master.makeList('Wanted');
  for (const name of ['Nora Lindqvist', 'Olga Petrova', 'Pia Ferrer'])
    await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [remote] } });
  await grant(null);
  const linked = await linkNow(gate, master, remote);
  expect(linked).toMatchObject({ state: 'synced', local_count: 3 });
  local = linked.slave_dossier_list;
});

const siteOf = async (): Promise<Site | undefined> => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results[0];

async function grant(lists: number[] | null, purge = false): Promise<void> {
  const site = await siteOf();
  if (site) await master.want(200, siteSchema, ['PATCH', `/sites/${site.id}/`, { lists, purge }]);
}

/** Takes the list from the gate, which hears of it. */
async function take(purge = false): Promise<void> {
  await grant([], purge);
  expect(await syncNow(gate, local)).toMatchObject({ state: 'failed', error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
}

const hiddenRows = () =>
  query(
    gate.test.database,
    `select d.name from sets s join dossiers d using (set_id) where s.list_id = :local and s.purpose = 'withdrawn'`,
    {
      local,
    },
  );
const empty = () => master.call('POST', `/dossier-lists/${remote}/purge/`);
const withdrawn = async () => (await siteOf())?.withdrawn.find(({ dossier_list: list }) => list === remote);
const auditOf = (node: NodeApi, action: string) =>
  query<{ details: { dossiers: number } }>(
    node.test.database,
    `select details from audit where action = :action order by id desc limit 1`,
    {
      action,
    },
  );

describe('a list that is granted again', () => {
  it('is held if it is empty then, until a person approves that', async () => {
    await take();
    await empty();
    await grant(null);
    const held: Link = await syncNow(gate, local);
    expect(held).toMatchObject({ state: 'held', local_count: 0, held: { removing: 3, reasons: [{ guard: 'emptied' }] } });
    expect(await hiddenRows()).toHaveLength(3);
    // Nobody reads there whom the list held.
    expect((await gate.call('GET', `/sync/dossier-lists/${local}/held/`)).text).not.toMatch(/Lindqvist|Petrova|Ferrer/);
    const difference = held.held?.difference;
    const approved = await gate.call('POST', `/sync/dossier-lists/${local}/held/approve/`, { body: { difference } });
    expect(approved.status).toBe(202);
    await expect
      .poll(async () => (await gate.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`])).state, { timeout: 30_000 })
      .toBe('synced');
    expect(await gate.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`])).toMatchObject({
      withdrawn_date: null,
      local_count: 0,
    });
  });

  it('comes back whole, and that is nothing to be undone', async () => {
    await take();
    await grant(null);
    expect(await syncNow(gate, local)).toMatchObject({ state: 'synced', local_count: 3, undo: null });
  });

  it('is held if it was put back to an older state and lacks somebody', async () => {
    await take();
    const [nora] = await query<{ id: number }>(master.test.database, `select id from dossiers where set_id = set_of(:remote) limit 1`, {
      remote,
    });
    await master.call('DELETE', `/dossiers/${nora?.id}/`);
    await query(gate.test.database, `update withdrawn_lists set revision = revision + 1000 where list_id = :local`, { local });
    await grant(null);
    expect(await syncNow(gate, local)).toMatchObject({ state: 'held', local_count: 0, held: { lost: 1, reasons: [{ guard: 'fork' }] } });
  });

  it('is held by its former size where its rows are deleted', async () => {
    await take(true);
    await query(gate.test.database, `update withdrawn_lists set erases_date = now() - interval '3 days' where list_id = :local`, { local });
    expect(await eraseDue(gate.test.database)).toBe(1);
    expect(await hiddenRows()).toEqual([]);
    await empty();
    await grant(null);
    expect(await syncNow(gate, local)).toMatchObject({ state: 'held', held: { removing: 3, reasons: [{ guard: 'emptied' }] } });
  });

  it('is shown at once where it is what it was', async () => {
    await take(true);
    await grant(null);
    expect(await syncNow(gate, local)).toMatchObject({ state: 'synced', local_count: 3, withdrawn_date: null });
  });
});

describe('a list whose copy is to be deleted', () => {
  it('is hidden at once and deleted a day later, when the master says so once more; both are told and kept', async () => {
    await take(true);
    expect(await hiddenRows()).toHaveLength(3);
    await expect
      .poll(withdrawn)
      .toMatchObject({ acknowledged_date: expect.any(String), erases_date: expect.any(String), erased_date: null });
    expect(await auditOf(gate, 'list-withdrawn')).toMatchObject([{ details: { master: master.url, dossiers: 3, purge: true } }]);
    expect(await auditOf(master, 'list-withdrawn')).toMatchObject([{ details: { dossier_list: remote } }]);
    expect(await eraseDue(gate.test.database)).toBe(0);
    // A day later, before the master was asked again.
    await query(
      gate.test.database,
      `update withdrawn_lists set erases_date = now() - interval '1 minute', told_date = now() - interval '1 hour' where list_id = :local`,
      { local },
    );
    expect(await eraseDue(gate.test.database)).toBe(0);
    await syncNow(gate, local);
    expect(await hiddenRows()).toHaveLength(3);
    expect(await eraseDue(gate.test.database)).toBe(1);
    expect(await hiddenRows()).toEqual([]);
    expect(await auditOf(gate, 'withdrawn-list-erased')).toMatchObject([{ details: { dossiers: 3 } }]);
    await syncNow(gate, local);
    await expect.poll(withdrawn).toMatchObject({ erased_date: expect.any(String) });
  });

  it('is not deleted any more once the master has granted it again, though it waits for a person', async () => {
    await take(true);
    await empty();
    await grant(null);
    expect(await syncNow(gate, local)).toMatchObject({ state: 'held' });
    await query(
      gate.test.database,
      `update withdrawn_lists set told_date = now() + interval '9 days', since = now() - interval '9 days' where list_id = :local`,
      { local },
    );
    expect(await eraseDue(gate.test.database)).toBe(0);
    expect(await hiddenRows()).toHaveLength(3);
  });

  it('is deleted all the same where the master can not be asked for two days more', async () => {
    await take(true);
    await query(
      gate.test.database,
      `update withdrawn_lists set erases_date = now() - interval '47 hours', told_date = now() - interval '71 hours' where list_id = :local`,
      { local },
    );
    expect(await eraseDue(gate.test.database)).toBe(0);
    await query(gate.test.database, `update withdrawn_lists set erases_date = now() - interval '49 hours' where list_id = :local`, {
      local,
    });
    expect(await eraseDue(gate.test.database)).toBe(1);
  });
});
