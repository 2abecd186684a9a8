import { siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* What a master hears of the copies of its sites, by their own signed word, without anybody asking twice. */

let master: NodeApi;
let gate: NodeApi;

beforeAll(async () => {
  [master, gate] = await Promise.all([startNodeApi(), startNodeApi({ NODE_NAME: 'Gate', SYNC_ON_EXISTING: 'refuse' })]);
  await gate.work();
});
afterAll(async () => {
  await Promise.all([master.stop(), gate.stop()]);
});

async function makeFilledList(): Promise<number> {
  const list = await master.makeList('Wanted');
  for (const name of ['Nora Lindqvist', 'Olga Petrova']) await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [list] } });
  return list;
}

async function link(remote: number, local: number): Promise<void> {
  const body = { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local };
  expect((await gate.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } })).status).toBeLessThan(300);
}

async function holdingOf(remote: number): Promise<Site['holdings'][number] | undefined> {
  const [site] = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
  return site?.holdings.find(({ dossier_list: list }) => list === remote);
}

it('a list that is held there shows as held on the master, and as synced once that is over', async () => {
  const [remote, local] = [await makeFilledList(), await gate.makeList()];
  await link(remote, local);
  await expect.poll(() => holdingOf(remote)).toMatchObject({ state: 'synced', count: 2, current: true });
  await master.call('POST', `/dossier-lists/${remote}/purge/`);
  const { held } = await syncNow(gate, local);
  await expect.poll(() => holdingOf(remote)).toMatchObject({ state: 'held', count: 2, current: false });
  await gate.call('POST', `/sync/dossier-lists/${local}/held/approve/`, { body: { difference: held?.difference } });
  await expect.poll(() => holdingOf(remote), { timeout: 20_000 }).toMatchObject({ state: 'synced', count: 0, current: true });
});

it('a list whose sync has failed for good shows as failed on the master', async () => {
  const [remote, local] = [await makeFilledList(), await gate.makeList()];
  await link(remote, local);
  // As a list that held dossiers before it was ever synced.
  await query(gate.test.database, `update links set epoch = null where slave_list_id = :local`, { local });
  expect(await syncNow(gate, local)).toMatchObject({ error: { code: 'LIST_NOT_EMPTY' } });
  await expect.poll(() => holdingOf(remote)).toMatchObject({ state: 'failed' });
});

it('a list that a run found unchanged shows as synced, brought there when it was', async () => {
  const [remote, local] = [await makeFilledList(), await gate.makeList()];
  await link(remote, local);
  await expect.poll(async () => (await holdingOf(remote))?.current).toBe(true);
  await query(gate.test.database, `update links set applied_date = '2026-01-02T03:04:05Z' where slave_list_id = :local`, { local });
  await syncNow(gate, local);
  await syncNow(gate, local);
  await expect.poll(() => holdingOf(remote)).toMatchObject({ state: 'synced', applied_date: '2026-01-02T03:04:05.000Z' });
});
