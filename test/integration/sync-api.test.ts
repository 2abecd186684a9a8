import { jobs } from '@dossier/jobs/declarations.ts';
import { deadLetterSchema, linkSchema, offlineDeletionSchema, runSchema } from '@dossier/protocol/sync.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

const path = '/sync/dossier-lists/';
const remoteUrl = 'http://master.example:8000';
const failure: SyncError = { code: 'TOKEN_REFUSED', desc: 'Refused.', remedy: 'Set it.', attempts: 1, next_attempt: null };

function body(list: number, more: object = {}) {
  return { remote_dossier_list: 7, remote_url: remoteUrl, slave_dossier_list: list, ...more };
}

async function makeLink(at = node): Promise<number> {
  const list = await at.makeList();
  await at.want(202, linkSchema, ['POST', path, body(list)]);
  return list;
}

/** As after the first greeting. */
async function greet(list: number): Promise<void> {
  await query(node.test.database, `update links set remote_list = gen_random_uuid() where slave_list_id = :list`, { list });
}

async function waitingJobs(queue: string, at = node): Promise<unknown[]> {
  const found = await at.queues
    .list()
    .find(({ name }) => name === queue)
    ?.getJobs(['waiting', 'prioritized']);
  return (found ?? []).map((job) => job.data as unknown);
}

async function openRuns(list: number, at = node): Promise<{ id: number; state: string }[]> {
  return query(at.test.database, `select id, state from runs where slave_list_id = :list and finished_date is null`, { list });
}

const askedBy = async (list: number) =>
  (await node.want(200, pageOf(runSchema), ['GET', `${path}${list}/runs/`])).results.map(({ requested_by: by }) => by);

describe('linking', () => {
  it('records the link, answers 202 with its place, and reminds the workers', async () => {
    const list = await node.makeList();
    const answer = await node.call('POST', path, { body: body(list, { slave_dossier_list: String(list) }) });
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `${path}${list}/`]);
    const link = linkSchema.parse(answer.json);
    expect(link).toMatchObject({ slave_dossier_list: list, remote_url: remoteUrl, remote_dossier_list: 7, state: 'pending', error: null });
    expect(link.progress).toMatchObject({ phase: 'queued', done: 0, total: null });
    expect(await node.want(200, linkSchema, ['GET', `${path}${list}`])).toEqual(link);
    expect(await waitingJobs('commands')).toContainEqual({ slaveDossierList: list });
    expect(await askedBy(list)).toEqual(['admin']);
  });

  it.each([
    [{}, 'remote_dossier_list'],
    [{ remote_dossier_list: 0 }, 'remote_dossier_list'],
    [{ remote_dossier_list: 'x' }, 'remote_dossier_list'],
    [{ remote_url: 'ftp://master.example' }, 'remote_url'],
    [{ remote_url: 'master.example' }, 'remote_url'],
    [{ remote_url: 'http:master.example' }, 'remote_url'],
    [{ remote_url: 'http://user:secret@master.example' }, 'remote_url'],
    [{ remote_url: 'http://:secret@master.example' }, 'remote_url'],
    [{ remote_url: 'http://master.example/?a=b' }, 'remote_url'],
    [{ remote_url: null }, 'remote_url'],
    [{ slave_dossier_list: 999_999 }, 'slave_dossier_list'],
    [{ slave_dossier_list: 1.5 }, 'slave_dossier_list'],
  ])('refuses %j for %s', async (change, param) => {
    const list = await node.makeList();
    const given = Object.keys(change).length === 0 ? {} : body(list, change);
    const problem = await node.refused('BAD_PARAM', ['POST', path, given], param);
    expect(problem.detail).not.toContain('secret');
    await node.refused('NOT_FOUND', ['GET', `${path}${list}/`]);
  });

  it('knows the same master by every spelling of its address, and refuses another source', async () => {
    const list = await node.makeList();
    await node.want(202, linkSchema, ['POST', path, body(list, { remote_url: 'HTTPS://Master.Example:443/dossiers/' })]);
    const again = await node.want(202, linkSchema, ['POST', path, body(list, { remote_url: 'https://master.example/dossiers' })]);
    expect(again.remote_url).toBe('https://master.example/dossiers');
    await node.refused('CONFLICT', ['POST', path, body(list, { remote_url: 'https://master.example/Dossiers' })], 'slave_dossier_list');
    await node.refused(
      'CONFLICT',
      ['POST', path, body(list, { remote_url: 'https://master.example/dossiers', remote_dossier_list: 8 })],
      'slave_dossier_list',
    );
    expect(await openRuns(list)).toHaveLength(1);
  });

  it('makes one link of two requests at once', async () => {
    const list = await node.makeList();
    const both = await Promise.all([1, 2].map(() => node.want(202, linkSchema, ['POST', path, body(list)])));
    expect(both[0]).toEqual(both[1]);
    expect(await openRuns(list)).toHaveLength(1);
    const rivals = await node.makeList();
    const answers = await Promise.all([7, 8].map((id) => node.call('POST', path, { body: body(rivals, { remote_dossier_list: id }) })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
  });

  it('takes a failed link up again', async () => {
    const list = await makeLink();
    await query(node.test.database, `update runs set state = 'failed', finished_date = now() where slave_list_id = :list`, { list });
    await query(node.test.database, `update links set state = 'failed', error = :error::jsonb where slave_list_id = :list`, {
      list,
      error: JSON.stringify(failure),
    });
    expect(await node.want(200, linkSchema, ['GET', `${path}${list}/`])).toMatchObject({ state: 'failed', error: failure, progress: null });
    const again = await node.want(202, linkSchema, ['POST', path, body(list)]);
    expect(again).toMatchObject({ state: 'pending', error: null });
    expect(await openRuns(list)).toHaveLength(1);
  });

  it('records links while the queue is away', async () => {
    const other = await startNodeApi();
    await other.loseQueue();
    const list = await makeLink(other);
    expect(await openRuns(list, other)).toMatchObject([{ state: 'queued' }]);
    expect(await other.want(202, runSchema, ['POST', `${path}${list}/sync/`])).toMatchObject({ state: 'queued', reason: 'link' });
    expect(await other.want(202, linkSchema, ['DELETE', `${path}${list}/`])).toMatchObject({ state: 'unlinking' });
    await other.stop();
  });

  it('follows SYNC_TOKEN, SYNC_ALLOWED_MASTERS and SYNC_ON_EXISTING', async () => {
    const strict = await startNodeApi({
      SYNC_ALLOWED_MASTERS: 'http://master.example:8000,https://other.example',
      SYNC_ON_EXISTING: 'refuse',
    });
    const full = await strict.makeList();
    await strict.call('POST', '/dossiers/', { body: { name: 'Somebody', dossier_lists: [full] } });
    const problem = await strict.refused('CONFLICT', ['POST', path, body(full)], 'slave_dossier_list');
    expect(problem.detail).toContain('holds 1 dossiers');
    await strict.refused('BAD_PARAM', ['POST', path, body(full, { remote_url: 'http://master.example' })], 'remote_url');
    await strict.refused('BAD_PARAM', ['POST', '/sync/test/', { remote_url: 'https://evil.example' }], 'remote_url');
    await strict.want(202, linkSchema, ['POST', path, body(await strict.makeList(), { remote_url: 'https://OTHER.example:443/a/' })]);
    await strict.stop();
    const tokenless = await startNodeApi({ SYNC_TOKEN: '' });
    expect((await tokenless.refused('CONFLICT', ['POST', path, body(await tokenless.makeList())])).detail).toContain('SYNC_TOKEN');
    await tokenless.refused('CONFLICT', ['POST', '/sync/test/', { remote_url: remoteUrl }]);
    await tokenless.stop();
  });
});

describe('waiting for the first sync', () => {
  const prefer = { prefer: 'respond-async', 'content-type': 'application/json' };

  it('answers 202 when the time is over, and at once when there is nothing to wait for', async () => {
    const list = await node.makeList();
    const late = await node.call('POST', path, { body: body(list), headers: { ...prefer, prefer: 'respond-async, wait=1' } });
    expect([late.status, late.headers.get('preference-applied')]).toEqual([202, null]);
    expect(linkSchema.parse(late.json).state).toBe('pending');
    const none = await node.call('POST', path, { body: body(list), headers: { ...prefer, prefer: 'wait=0' } });
    expect(none.status).toBe(202);
  });

  it('answers 202 when the link fails for good, but waits on between attempts', async () => {
    const list = await node.makeList();
    const asked = node.call('POST', path, { body: body(list), headers: { prefer: 'wait=60' } });
    await expect.poll(() => openRuns(list)).toHaveLength(1);
    const next = new Date(Date.now() + 3_600_000).toISOString();
    for (const error of [{ ...failure, next_attempt: next }, failure]) {
      await query(node.test.database, `update links set state = 'failed', error = :error::jsonb where slave_list_id = :list`, {
        list,
        error: JSON.stringify(error),
      });
    }
    const answer = await asked;
    expect(answer.status).toBe(202);
    expect(linkSchema.parse(answer.json)).toMatchObject({ state: 'failed', error: failure });
  });

  it('answers 200 when the sync was reached', async () => {
    const list = await node.makeList();
    const asked = node.call('POST', path, { body: body(list), headers: { prefer: 'wait=60' } });
    await expect.poll(() => openRuns(list)).toHaveLength(1);
    await query(node.test.database, `update links set state = 'synced', verified_at = now() where slave_list_id = :list`, { list });
    const answer = await asked;
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'wait=60']);
    expect(linkSchema.parse(answer.json).state).toBe('synced');
    const again = await node.call('POST', path, { body: body(list), headers: { prefer: 'wait=5' } });
    expect([again.status, again.headers.get('preference-applied')]).toEqual([200, 'wait=5']);
  });
});

describe('syncing', () => {
  it('makes one run of many requests at once', async () => {
    const list = await makeLink();
    await query(node.test.database, `update runs set state = 'synced', finished_date = now() where slave_list_id = :list`, { list });
    await greet(list);
    const runs = await Promise.all([1, 2, 3, 4].map(() => node.want(202, runSchema, ['POST', `${path}${list}/sync/`, { mode: 'full' }])));
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(runs[0]).toMatchObject({ slave_dossier_list: list, mode: 'full', reason: 'person', state: 'queued', started_date: null });
    expect((await waitingJobs('sync')).filter((data) => JSON.stringify(data) === JSON.stringify({ runId: runs[0]?.id }))).toHaveLength(1);
  });

  it('starts a run at once that waits for its next attempt', async () => {
    const list = await makeLink();
    await greet(list);
    const [run] = await openRuns(list);
    const runId = run?.id ?? 0;
    await query(node.test.database, `update runs set state = 'failed', next_attempt = now() + interval '1 hour' where id = :runId`, {
      runId,
    });
    await node.queues.enqueue(jobs.sync, { runId }, { delayMs: 3_600_000 });
    expect(await waitingJobs('sync')).not.toContainEqual({ runId });
    expect((await node.want(202, runSchema, ['POST', `${path}${list}/sync/`])).id).toBe(runId);
    expect(await waitingJobs('sync')).toContainEqual({ runId });
  });

  it('takes a form or no body, and refuses wrong ones', async () => {
    const list = await makeLink();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await node.call('POST', `${path}${list}/sync`, { body: 'mode=full', headers: form })).status).toBe(202);
    expect((await node.call('POST', `${path}${list}/sync/`, { body: '' })).status).toBe(202);
    await node.refused('BAD_PARAM', ['POST', `${path}${list}/sync/`, { mode: 'quick' }], 'mode');
    expect((await node.call('POST', `${path}${list}/sync/`, { body: 'a=b', headers: form })).status).toBe(400);
    await node.refused('NOT_FOUND', ['POST', `${path}999999/sync/`, {}]);
  });

  it('shows the history page by page, there and back', async () => {
    const list = await makeLink();
    await query(node.test.database, `update runs set state = 'synced', finished_date = now() where slave_list_id = :list`, { list });
    await query(
      node.test.database,
      `insert into runs (slave_list_id, reason, state, finished_date) select :list, 'schedule', 'unchanged', now() from generate_series(1, 4)`,
      { list },
    );
    const schema = pageOf(runSchema);
    const all = await node.want(200, schema, ['GET', `${path}${list}/runs/`]);
    expect(all.results.map(({ id }) => id)).toEqual(all.results.map(({ id }) => id).toSorted((a, b) => b - a));
    const first = await node.want(200, schema, ['GET', `${path}${list}/runs/?limit=2`]);
    const second = await node.want(200, schema, ['GET', `${path}${list}/runs/?limit=2&page=${first.next_page}`]);
    const third = await node.want(200, schema, ['GET', `${path}${list}/runs/?limit=2&page=${second.next_page}`]);
    expect([...first.results, ...second.results, ...third.results]).toEqual(all.results);
    expect([first.prev_page, third.next_page]).toEqual([null, null]);
    expect((await node.want(200, schema, ['GET', `${path}${list}/runs/?limit=2&page=${third.prev_page}`])).results).toEqual(second.results);
    await node.refused('BAD_PARAM', ['GET', `${path}${list}/runs/?page=1`], 'page');
    await node.refused('NOT_FOUND', ['GET', `${path}999999/runs/`]);
  });

  it('lists links page by page, with the progress of those that sync', async () => {
    const list = await makeLink();
    await query(
      node.test.database,
      `update runs set state = 'photos', fetched = 5, total = 9, photos_fetched = 1, photos_total = 4 where slave_list_id = :list`,
      { list },
    );
    const schema = pageOf(linkSchema);
    const found = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof node.want<typeof schema>>> = await node.want(200, schema, [
        'GET',
        `${path}?limit=3&page=${cursor}`,
      ]);
      found.push(...page.results);
      cursor = page.next_page;
    }
    const [count] = await query<{ count: number }>(node.test.database, `select count(*) as count from links`);
    expect(found).toHaveLength(count?.count ?? 0);
    expect(found.find((link) => link.slave_dossier_list === list)?.progress).toEqual({
      phase: 'photos',
      done: 5,
      total: 9,
      photos_done: 1,
      photos_total: 4,
    });
  });
});

describe('cancelling', () => {
  it('answers 202 with the link, refuses new work, and reminds the workers', async () => {
    const list = await makeLink();
    expect(await node.want(202, linkSchema, ['DELETE', `${path}${list}/?purge=true`])).toMatchObject({
      state: 'unlinking',
      progress: null,
    });
    expect(await node.want(202, linkSchema, ['DELETE', `${path}${list}/`])).toMatchObject({ state: 'unlinking' });
    expect(await openRuns(list)).toEqual([]);
    expect(await waitingJobs('commands')).toContainEqual({ slaveDossierList: list, purge: true });
    await node.refused('CONFLICT', ['POST', `${path}${list}/sync/`, {}]);
    await node.refused('CONFLICT', ['POST', path, body(list)], 'slave_dossier_list');
    await node.refused('BAD_PARAM', ['DELETE', `${path}${list}/?purge=perhaps`], 'purge');
    await node.refused('NOT_FOUND', ['DELETE', `${path}999999/`]);
    await node.refused('NOT_FOUND', ['DELETE', `${path}x/`]);
  });
});

describe('what waits for people', () => {
  async function makeLetter(): Promise<{ list: number; id: number }> {
    const list = await makeLink();
    await greet(list);
    await query(node.test.database, `update runs set state = 'dead', finished_date = now() where slave_list_id = :list`, { list });
    const letter = await queryOne<{ id: number }>(
      node.test.database,
      `insert into dead_letters (slave_list_id, run_id, phase, code, sentence, remedy)
       select slave_list_id, id, 'fetching', 'MASTER_TIMEOUT', 'Too slow.', 'Look.' from runs where slave_list_id = :list returning id`,
      { list },
    );
    const id = letter?.id ?? 0;
    await node.queues.enqueue(jobs['dead-letter'], { deadLetterId: id });
    return { list, id };
  }

  it('retries a dead letter with a new run', async () => {
    const { list, id } = await makeLetter();
    const letters = await node.want(200, pageOf(deadLetterSchema), ['GET', '/sync/dead-letters/']);
    expect(letters.results[0]).toMatchObject({ id, slave_dossier_list: list, phase: 'fetching', desc: 'Too slow.', remedy: 'Look.' });
    const run = await node.want(202, runSchema, ['POST', `/sync/dead-letters/${id}/retry/`]);
    expect(run).toMatchObject({ slave_dossier_list: list, state: 'queued', reason: 'person', requested_by: 'admin' });
    expect(await waitingJobs('sync')).toContainEqual({ runId: run.id });
    expect(await waitingJobs('dead-letters')).not.toContainEqual({ deadLetterId: id });
    expect((await node.want(202, runSchema, ['POST', `/sync/dead-letters/${id}/retry/`])).id).toBe(run.id);
    await node.refused('NOT_FOUND', ['POST', '/sync/dead-letters/999999/retry/']);
  });

  it('forgets a dead letter', async () => {
    const { id } = await makeLetter();
    expect((await node.call('DELETE', `/sync/dead-letters/${id}/`)).status).toBe(204);
    expect(await waitingJobs('dead-letters')).not.toContainEqual({ deadLetterId: id });
    await node.refused('NOT_FOUND', ['DELETE', `/sync/dead-letters/${id}/`]);
  });

  it('shows what was deleted while the master was away', async () => {
    const list = await makeLink();
    await query(
      node.test.database,
      `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by)
       select :list, gen_random_uuid(), n, 'Somebody', 'admin' from generate_series(1, 3) n`,
      { list },
    );
    const page = await node.want(200, pageOf(offlineDeletionSchema), ['GET', `${path}${list}/deletions/?limit=2`]);
    expect(page.results.map(({ dossier, deleted_by, settled_as }) => [dossier, deleted_by, settled_as])).toEqual([
      [3, 'admin', null],
      [2, 'admin', null],
    ]);
    expect(page.next_page).not.toBeNull();
  });
});

it('lets viewers look on and only admins act', async () => {
  const list = await makeLink();
  const reads = [path, `${path}${list}/`, `${path}${list}/runs/`, `${path}${list}/deletions/`, '/sync/dead-letters/'];
  for (const read of reads) expect([read, (await node.call('GET', read, { role: 'viewer' })).status]).toEqual([read, 200]);
  const acts: [string, string][] = [
    ['POST', path],
    ['POST', `${path}${list}/sync/`],
    ['DELETE', `${path}${list}/`],
    ['POST', '/sync/dead-letters/1/retry/'],
    ['DELETE', '/sync/dead-letters/1/'],
    ['POST', '/sync/test/'],
  ];
  for (const [method, act] of acts) {
    expect([method, act, (await node.call(method, act, { role: 'operator', body: {} })).status]).toEqual([method, act, 403]);
  }
  const described = (await node.call('GET', '/openapi.json')).json as { paths: Record<string, object> };
  for (const each of [path, `${path}{id}/sync/`, '/sync/dead-letters/{id}/retry/', '/sync/test/', '/sync/events/']) {
    expect(described.paths).toHaveProperty([each]);
  }
});
