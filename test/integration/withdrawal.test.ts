import { siteSchema } from '@dossier/protocol/site.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { linkNow } from '../kit/link-now.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { syncNow } from '../kit/sync-now.ts';

/* A list is taken from a site that holds a copy of it, and given back. Behind the site a gate has it from there. */

let master: NodeApi;
let branch: NodeApi;
let gate: NodeApi;
let remote: number;
let atBranch: number;
let atGate: number;

async function link(slave: NodeApi, to: NodeApi, list: number, count = 2): Promise<number> {
  const linked = await linkNow(slave, to, list);
  expect(linked).toMatchObject({ state: 'synced', local_count: count });
  return linked.slave_dossier_list;
}

async function grant(lists: number[] | null, purge = false) {
  const site = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results.find(({ name }) => name === 'Branch');
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

it('the site’s own signed word says so, and of how many behind it not', async () => {
  await syncNow(branch, atBranch);
  const siteNow = async () => {
    const [known] = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
    return master.want(200, siteSchema, ['GET', `/sites/${known?.id}/`]);
  };
  await expect.poll(async () => (await siteNow()).withdrawn).toMatchObject([{ dossier_list: remote, unconfirmed: 0 }]);
  const site = await siteNow();
  expect(site.holdings).toMatchObject([{ dossier_list: remote, state: 'withdrawn', revision: null, digest: null, current: false }]);
  expect(site.holdings[0]?.statement?.base).toMatch(/state=withdrawn/);
});

it('is not shown by linking the list to another one whose master is away, or by a run that fails', async () => {
  const { status } = await gate.call('PATCH', `/sync/dossier-lists/${atGate}/`, { body: { remote_url: 'http://127.0.0.1:9' } });
  expect(status).toBe(200);
  expect(await syncNow(gate, atGate)).toMatchObject({ error: { code: 'MASTER_UNREACHABLE' }, local_count: 0 });
  expect(await shown(gate, atGate)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  await gate.call('PATCH', `/sync/dossier-lists/${atGate}/`, { body: { remote_url: branch.url } });
  // The list is granted again, and its rows can't be fetched.
  await query(master.test.database, `alter table made_pages rename to made_pages_away`);
  await grant([remote]);
  expect(await syncNow(branch, atBranch)).toMatchObject({ error: { code: 'MASTER_ERROR' }, local_count: 0 });
  expect(await shown(branch, atBranch)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  await query(master.test.database, `alter table made_pages_away rename to made_pages`);
});

it('is shown again once what is granted was fetched and verified, without what was taken from it meanwhile', async () => {
  await query(branch.test.database, `update runs set state = 'cancelled', finished_date = now() where finished_date is null`);
  const [olga] = await query<{ id: number }>(master.test.database, `select id from dossiers where name = 'Olga Petrova'`);
  await master.call('DELETE', `/dossiers/${olga?.id}/`);
  await master.call('POST', '/dossiers/', { body: { name: 'Late Lindqvist', dossier_lists: [remote] } });
  expect(await syncNow(branch, atBranch)).toMatchObject({ state: 'synced', local_count: 2, withdrawn_date: null });
  expect(await syncNow(gate, atGate)).toMatchObject({ state: 'synced', local_count: 2 });
  expect(await shown(branch, atBranch)).toMatchObject({ names: true, statuses: [200, 200, 200, 200, 200] });
  expect((await branch.call('GET', `/dossiers/?dossier_lists=${atBranch}`)).text).not.toMatch(/Petrova/);
  expect(await query(branch.test.database, `select from withdrawn_lists`)).toEqual([]);
});

it('a site of which nothing is remembered any more is told when it comes back', async () => {
  await grant([]);
  // As after months of silence, and a backup of the master from before.
  await query(master.test.database, `delete from followers`);
  await query(master.test.database, `delete from withdrawals`);
  expect(await syncNow(branch, atBranch)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
  expect(await shown(branch, atBranch)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  expect(await syncNow(gate, atGate)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
  await grant([remote]);
  expect(await syncNow(branch, atBranch)).toMatchObject({ state: 'synced', local_count: 2 });
  expect(await syncNow(gate, atGate)).toMatchObject({ state: 'synced', local_count: 2 });
});

it('a branch that cancels its link shows nothing of it, and neither do those behind it', async () => {
  await grant([]);
  await syncNow(branch, atBranch);
  await branch.call('DELETE', `/sync/dossier-lists/${atBranch}/`);
  await expect.poll(async () => (await branch.call('GET', `/sync/dossier-lists/${atBranch}/`)).status, { timeout: 30_000 }).toBe(404);
  expect(await shown(branch, atBranch)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  expect(await syncNow(gate, atGate)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
  expect(await shown(gate, atGate)).toEqual({ names: false, statuses: [200, 503, 200, 503, 503] });
  // As a list of the branch's own it is shown.
  await branch.call('POST', '/dossiers/', { body: { name: 'Own Lindqvist', dossier_lists: [atBranch] } });
  expect(await syncNow(gate, atGate)).toMatchObject({ state: 'synced', local_count: 1 });
});

describe('what is no withdrawal', () => {
  beforeAll(() => grant(null));

  it('a list that was deleted on the master: the copy stays', async () => {
    const other = await master.makeList('Short');
    await master.call('POST', '/dossiers/', { body: { name: 'Short Lindqvist', dossier_lists: [other] } });
    const local = await link(branch, master, other, 1);
    await master.call('POST', `/dossier-lists/${other}/purge/`);
    await master.call('DELETE', `/dossier-lists/${other}/`);
    expect(await syncNow(branch, local)).toMatchObject({ error: { code: 'NO_SUCH_LIST' }, local_count: 1, withdrawn_date: null });
  });

  it('unless it was taken before it was deleted', async () => {
    const other = await master.makeList('Taken');
    await master.call('POST', '/dossiers/', { body: { name: 'Taken Lindqvist', dossier_lists: [other] } });
    const local = await link(branch, master, other, 1);
    await grant([remote]);
    await master.call('POST', `/dossier-lists/${other}/purge/`);
    expect((await master.call('DELETE', `/dossier-lists/${other}/`)).status).toBe(204);
    expect(await syncNow(branch, local)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' }, local_count: 0 });
    await grant(null);
  });

  it('another master’s word, though it signs by its own key: the copy stays', async () => {
    const local = await link(branch, master, remote);
    const liar = await startNodeApi({ NODE_NAME: 'Liar' });
    try {
      const [list] = await query<{ remote_list: string }>(
        branch.test.database,
        `select remote_list from links where slave_list_id = :local`,
        { local },
      );
      // It has a list of the same number and uuid, and doesn't grant it.
      await query(liar.test.database, `insert into watch_lists (id, uuid, name) values (:remote, :uuid, 'Wanted')`, {
        remote,
        uuid: list?.remote_list,
      });
      const greeted = await branch.call('POST', '/sync/test/', { body: { remote_url: liar.url } });
      expect(greeted.status).toBe(200);
      const [site] = (await liar.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results;
      await liar.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists: [] }]);
      await branch.call('PATCH', `/sync/dossier-lists/${local}/`, { body: { remote_url: liar.url } });
      expect(await syncNow(branch, local)).toMatchObject({ error: { code: 'NODE_REPLACED' }, local_count: 2, withdrawn_date: null });
      expect(await shown(branch, local)).toMatchObject({ names: true });
    } finally {
      await liar.stop();
    }
  });

  it('dossiers of this node’s own in a list that was never synced stay', async () => {
    const own = await startNodeApi({ NODE_NAME: 'Own' });
    try {
      await own.work();
      const local = await own.makeList();
      await own.call('POST', '/dossiers/', { body: { name: 'Own Petrova', dossier_lists: [local] } });
      await query(master.test.database, `alter table made_pages rename to made_pages_away`);
      const body = { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local };
      await own.call('POST', '/sync/dossier-lists/', { body });
      await expect
        .poll(async () => (await own.call('GET', `/sync/dossier-lists/${local}/`)).text, { timeout: 30_000 })
        .toMatch(/MASTER_ERROR/);
      await query(master.test.database, `alter table made_pages_away rename to made_pages`);
      const site = (await master.want(200, pageOf(siteSchema), ['GET', '/sites/'])).results.find(({ name }) => name === 'Own');
      await master.want(200, siteSchema, ['PATCH', `/sites/${site?.id}/`, { lists: [] }]);
      await query(own.test.database, `update runs set state = 'cancelled', finished_date = now() where finished_date is null`);
      expect(await syncNow(own, local)).toMatchObject({ error: { code: 'LIST_WITHDRAWN' }, local_count: 1 });
      expect(await shown(own, local)).toMatchObject({ names: true });
    } finally {
      await own.stop();
    }
  });
});
