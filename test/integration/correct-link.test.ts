import { jobs } from '@dossier/jobs/declarations.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { deadLetterSchema, linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { correctLink } from '@dossier/replication/link-corrections.ts';
import { findLink, saveGreeting } from '@dossier/replication/links.ts';
import { saveProgress, startRun } from '@dossier/replication/runs.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

const path = '/sync/dossier-lists/';

async function corrections(node: NodeApi, list: number) {
  const found = await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?action=link-corrected&object_id=${list}`]);
  return found.results.map(({ actor, details }) => ({ actor, ...details }));
}

async function openRuns(node: NodeApi, list: number): Promise<{ id: number; reason: string; mode: string; state: string }[]> {
  return query(node.test.database, `select id, reason, mode, state from runs where slave_list_id = :list and finished_date is null`, {
    list,
  });
}

describe('a correction', () => {
  const remoteUrl = 'http://master.example:8000';
  let node: NodeApi;
  beforeAll(async () => {
    node = await startNodeApi({ SYNC_ALLOWED_MASTERS: `${remoteUrl},https://moved.example` });
  });
  afterAll(() => node.stop());

  async function makeLink(): Promise<number> {
    const list = await node.makeList();
    await node.want(202, linkSchema, ['POST', path, { remote_dossier_list: 7, remote_url: remoteUrl, slave_dossier_list: list }]);
    return list;
  }

  /** As after a first sync. */
  async function settle(list: number): Promise<void> {
    await query(node.test.database, `update runs set state = 'synced', finished_date = now() where slave_list_id = :list`, { list });
    await query(
      node.test.database,
      `update links set state = 'synced', epoch = gen_random_uuid(), revision = 1, remote_node = gen_random_uuid(), remote_list = gen_random_uuid(),
         remote_name = 'People' where slave_list_id = :list`,
      { list },
    );
  }

  const change = (list: number, body: object) => node.want(200, linkSchema, ['PATCH', `${path}${list}/`, body]);

  it('takes the place of the run that waits, and reminds the workers of the new one', async () => {
    const list = await makeLink();
    await settle(list);
    const before = await findLink(node.test.database, list);
    await node.want(202, runSchema, ['POST', `${path}${list}/sync/`, { mode: 'full' }]);
    const [waiting] = await openRuns(node, list);
    const link = await change(list, { remote_url: 'HTTPS://Moved.Example:443/' });
    expect(link).toMatchObject({ remote_url: 'https://moved.example', remote_dossier_list: 7, remote_name: 'People', state: 'synced' });
    const [run, ...others] = await openRuns(node, list);
    expect([run, others]).toMatchObject([{ reason: 'person', mode: 'full', state: 'queued' }, []]);
    expect(run?.id).toBeGreaterThan(waiting?.id ?? Infinity);
    expect(await node.queues.enqueue(jobs.sync, { runId: run?.id ?? 0 })).toBe(false);
    expect(await findLink(node.test.database, list)).toMatchObject({ remote_node: before?.remote_node, remote_list: before?.remote_list });
    expect(await corrections(node, list)).toEqual([
      {
        actor: 'admin',
        before: { remote_url: remoteUrl, remote_dossier_list: 7 },
        after: { remote_url: 'https://moved.example', remote_dossier_list: 7 },
      },
    ]);
  });

  it('makes a link that failed pending, and forgets what was said of the old address', async () => {
    const list = await makeLink();
    await settle(list);
    const error = { code: 'MASTER_UNREACHABLE', desc: 'x', remedy: 'y', attempts: 1, next_attempt: null };
    await query(node.test.database, `update links set state = 'failed', error = :error::jsonb where slave_list_id = :list`, {
      list,
      error: JSON.stringify(error),
    });
    expect(await change(list, { remote_url: remoteUrl })).toMatchObject({ state: 'failed', error });
    expect(await openRuns(node, list)).toEqual([]);
    expect(await change(list, { remote_url: 'https://moved.example' })).toMatchObject({ state: 'pending', error: null });
    expect(await openRuns(node, list)).toMatchObject([{ reason: 'person', mode: 'auto' }]);
  });

  it('fences out whoever asks the old address: what it learns there is not pinned', async () => {
    const list = await makeLink();
    const [taken] = await openRuns(node, list);
    const started = await startRun(node.test.database, taken?.id ?? 0, 1);
    expect(await change(list, { remote_dossier_list: '8' })).toMatchObject({
      remote_dossier_list: 8,
      state: 'pending',
      progress: { phase: 'queued' },
    });
    const fence = started?.fence ?? 0;
    await saveGreeting(node.test.database, {
      slaveListId: list,
      fence,
      remoteNode: '00000000-0000-4000-8000-000000000001',
      remoteList: '00000000-0000-4000-8000-000000000002',
      remoteName: 'Wrong',
      origins: [],
      schedule: { hour: 3, minute: 0, time_zone: 'UTC' },
    });
    expect(await saveProgress(node.test.database, { runId: taken?.id ?? 0, fence }, { state: 'fetching' })).toBe(false);
    expect(await findLink(node.test.database, list)).toMatchObject({ remote_node: null, remote_list: null, remote_name: null });
    expect(await openRuns(node, list)).toMatchObject([{ reason: 'link' }]);
  });

  it('of the list lets go of what was pinned as the list, not of the node', async () => {
    const list = await makeLink();
    await settle(list);
    await query(node.test.database, `update links set epoch = null where slave_list_id = :list`, { list });
    const before = await findLink(node.test.database, list);
    await change(list, { remote_dossier_list: 8 });
    expect(await findLink(node.test.database, list)).toMatchObject({
      remote_node: before?.remote_node,
      remote_list: null,
      remote_name: null,
    });
  });

  it('of the list is refused once the link was synced, and says what to do', async () => {
    const list = await makeLink();
    await settle(list);
    const both = { remote_url: 'https://moved.example', remote_dossier_list: 8 };
    const problem = await node.refused('CONFLICT', ['PATCH', `${path}${list}/`, both], 'remote_dossier_list');
    expect(problem).toMatchObject({ remedy: expect.stringContaining('Cancel this replication') });
    expect(await change(list, { remote_url: 'https://moved.example', remote_dossier_list: 7 })).toMatchObject({
      remote_url: 'https://moved.example',
    });
  });

  it('comes with guards or without, both or neither', async () => {
    const list = await makeLink();
    await settle(list);
    const guards = { growth: { factor: 9 } };
    await node.refused('CONFLICT', ['PATCH', `${path}${list}/`, { guards, remote_dossier_list: 8 }], 'remote_dossier_list');
    expect((await node.want(200, linkSchema, ['GET', `${path}${list}/`])).guards.growth).not.toEqual(guards.growth);
    expect(await change(list, { guards, remote_url: 'https://moved.example' })).toMatchObject({
      remote_url: 'https://moved.example',
      guards: { growth: guards.growth },
    });
  });

  it.each([
    [{ remote_url: 'ftp://master.example' }, 'remote_url'],
    [{ remote_url: 'http://user:secret@master.example:8000' }, 'remote_url'],
    [{ remote_url: 'http://169.254.169.254' }, 'remote_url'],
    [{ remote_url: 'http://elsewhere.example' }, 'remote_url'],
    [{ remote_url: null }, 'remote_url'],
    [{ remote_dossier_list: 0 }, 'remote_dossier_list'],
    [{}, undefined],
    [{ slave_dossier_list: 3 }, 'slave_dossier_list'],
    [{ guards: { growths: null } }, 'guards'],
  ])('is checked as a new link is: %j', async (body, param) => {
    const list = await makeLink();
    const before = await node.want(200, linkSchema, ['GET', `${path}${list}/`]);
    const problem = await node.refused('BAD_PARAM', ['PATCH', `${path}${list}/`, body], param);
    expect(problem.detail).not.toContain('secret');
    if ('slave_dossier_list' in body)
      expect(problem.detail).toBe('The request has a field "slave_dossier_list" that is not known here. Nothing was done.');
    if ('guards' in body) expect(problem.detail).toBe('The request has a field "guards.growths" that is not known here. Nothing was done.');
    expect(await node.want(200, linkSchema, ['GET', `${path}${list}/`])).toEqual(before);
  });

  it('is refused while the link ends, while a sync is taken back, and without a link or a token', async () => {
    const ending = await makeLink();
    await node.call('DELETE', `${path}${ending}/`);
    await node.refused('CONFLICT', ['PATCH', `${path}${ending}/`, { remote_url: 'https://moved.example' }]);
    const undoing = await makeLink();
    await settle(undoing);
    await query(node.test.database, `insert into runs (slave_list_id, reason) values (:undoing, 'undo')`, { undoing });
    await node.refused('CONFLICT', ['PATCH', `${path}${undoing}/`, { remote_url: 'https://moved.example' }]);
    expect(await openRuns(node, undoing)).toMatchObject([{ reason: 'undo' }]);
    await node.refused('NOT_FOUND', ['PATCH', `${path}999999/`, { remote_url: 'https://moved.example' }]);
    expect(await correctLink(node.test.database, { slaveListId: 999_999, by: null })).toEqual({ outcome: 'no-link' });
    expect(await corrections(node, undoing)).toEqual([]);
    const tokenless = await startNodeApi({ SYNC_TOKEN: '' });
    expect((await tokenless.refused('CONFLICT', ['PATCH', `${path}1/`, { remote_url: remoteUrl }])).detail).toContain('SYNC_TOKEN');
    await tokenless.stop();
  });
});

describe('with workers', () => {
  let master: NodeApi;
  let stranger: NodeApi;
  let slave: NodeApi;
  let remote: number;

  beforeAll(async () => {
    [master, stranger, slave] = await Promise.all([startNodeApi(), startNodeApi(), startNodeApi()]);
    await slave.work();
    for (const node of [master, stranger]) {
      remote = await node.makeList('People');
      for (const name of ['One', 'Two']) await node.call('POST', '/dossiers/', { body: { name, dossier_lists: [remote] } });
    }
  });
  afterAll(async () => {
    await Promise.all([master.stop(), stranger.stop(), slave.stop()]);
  });

  const linkNow = (list: number) => slave.want(200, linkSchema, ['GET', `${path}${list}/`]);
  const becomes = (list: number, state: Link['state']) =>
    expect.poll(async () => (await linkNow(list)).state, { timeout: 45_000 }).toBe(state);

  it('a link with a wrong id or a wrong address is put right without being cancelled', async () => {
    const list = await slave.makeList();
    await slave.want(202, linkSchema, ['POST', path, { remote_dossier_list: 999, remote_url: master.url, slave_dossier_list: list }]);
    await becomes(list, 'failed');
    expect((await linkNow(list)).error).toMatchObject({ code: 'NO_SUCH_LIST' });
    const away = `http://127.0.0.1:${await freePort()}`;
    await slave.want(200, linkSchema, ['PATCH', `${path}${list}/`, { remote_url: away, remote_dossier_list: remote }]);
    await expect.poll(async () => (await linkNow(list)).error?.code, { timeout: 45_000 }).toBe('MASTER_UNREACHABLE');
    await slave.want(200, linkSchema, ['PATCH', `${path}${list}/`, { remote_url: master.url }]);
    await becomes(list, 'synced');
    expect(await linkNow(list)).toMatchObject({ local_count: 2, remote_name: 'People', error: null });
    const letters = await slave.want(200, pageOf(deadLetterSchema), ['GET', '/sync/dead-letters/']);
    expect(letters.results).toEqual([]);
    expect(await corrections(slave, list)).toHaveLength(2);
  });

  it('a replica follows its master to another address, and nobody else', async () => {
    const list = await slave.makeList();
    await slave.want(202, linkSchema, ['POST', path, { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: list }]);
    await becomes(list, 'synced');
    await slave.want(200, linkSchema, ['PATCH', `${path}${list}/`, { remote_url: stranger.url }]);
    await becomes(list, 'held');
    expect((await linkNow(list)).held?.reasons).toMatchObject([{ guard: 'fork', sentence: expect.stringContaining('Another node') }]);
    await master.call('POST', '/dossiers/', { body: { name: 'Three', dossier_lists: [remote] } });
    const moved = master.url.replace('127.0.0.1', 'localhost');
    await slave.want(200, linkSchema, ['PATCH', `${path}${list}/`, { remote_url: moved }]);
    await becomes(list, 'synced');
    expect(await linkNow(list)).toMatchObject({ remote_url: moved, local_count: 3, held: null });
  });
});
