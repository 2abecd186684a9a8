import { siteSchema } from '@dossier/protocol/site.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* A list is taken from a site that holds a copy of it, and given back. Behind the site a gate has it from there. */

let master: NodeApi;
let branch: NodeApi;
let gate: NodeApi;
let remote: number;
let atBranch: number;
let atGate: number;

async function link(slave: NodeApi, to: NodeApi, list: number): Promise<number> {
  const local = await slave.makeList();
  const body = { remote_url: to.url, remote_dossier_list: list, slave_dossier_list: local };
  const answer = await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } });
  expect(linkSchema.parse(answer.json)).toMatchObject({ state: 'synced', local_count: 2 });
  return local;
}

async function grant(lists: number[] | null, purge = false) {
  const [site] = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
  return master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists, purge }]);
}

beforeAll(async () => {
  [master, branch, gate] = await Promise.all([startNodeApi(), startNodeApi({ NODE_NAME: 'Branch' }), startNodeApi({ NODE_NAME: 'Gate' })]);
  await Promise.all([branch.work(), gate.work()]);
  remote = await master.makeList('Wanted');
  for (const name of ['Nora Lindqvist', 'Olga Petrova'])
    await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [remote] } });
  atBranch = await link(branch, master, remote);
  atGate = await link(gate, branch, atBranch);
});
afterAll(async () => {
  await Promise.all([master.stop(), branch.stop(), gate.stop()]);
});

const shown = async (node: NodeApi, list: number) => {
  const answers = await Promise.all(
    [
      '/dossiers/',
      `/dossiers/?dossier_lists=${list}`,
      '/dossiers/?q=Nora',
      `/dossier-lists/${list}/changes/`,
      `/dossier-lists/${list}/export/`,
    ].map((path) => node.call('GET', path)),
  );
  return { names: answers.some(({ text }) => /Lindqvist|Petrova/.test(text)), statuses: answers.map(({ status }) => status) };
};

it('a copy of a list that was taken away is shown no more, in any answer, and the master hears that', async () => {
  expect(await shown(branch, atBranch)).toMatchObject({ names: true, statuses: [200, 200, 200, 200, 200] });
  expect((await grant([])).withdrawn).toMatchObject([{ dossier_list: remote, acknowledged_date: null }]);
  expect(await syncNow(branch, atBranch)).toMatchObject({ state: 'failed', error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
  expect(await shown(branch, atBranch)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  await expect
    .poll(async () => (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results[0]?.withdrawn[0]?.acknowledged_date)
    .toEqual(expect.any(String));
});

it('nor by those who have it from there', async () => {
  expect(await syncNow(gate, atGate)).toMatchObject({ state: 'failed', error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
  expect(await shown(gate, atGate)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
});

it('is shown again as it was when the list is given back, and followed from there', async () => {
  await master.call('POST', '/dossiers/', { body: { name: 'Late Lindqvist', dossier_lists: [remote] } });
  await grant([remote]);
  expect(await syncNow(branch, atBranch)).toMatchObject({ state: 'synced', local_count: 3, withdrawn_date: null });
  const [run] = await query<{ method: string; fetched: number }>(
    branch.test.database,
    `select method, fetched from runs order by id desc limit 1`,
  );
  expect(run).toMatchObject({ method: 'delta', fetched: 1 });
  expect(await syncNow(gate, atGate)).toMatchObject({ state: 'synced', local_count: 3 });
  expect(await shown(branch, atBranch)).toMatchObject({ names: true, statuses: [200, 200, 200, 200, 200] });
});

it('is deleted where the master says so, and fetched anew when it is given back', async () => {
  await grant([], true);
  expect(await syncNow(branch, atBranch)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' } });
  const sets = await query(branch.test.database, `select purpose from sets where list_id = :atBranch and purpose = 'withdrawn'`, {
    atBranch,
  });
  expect(sets).toEqual([]);
  await grant(null);
  expect(await syncNow(branch, atBranch)).toMatchObject({ state: 'synced', local_count: 3 });
});
