import { once } from 'node:events';
import { connect } from 'node:net';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { createLink, finishUnlink, startUnlink } from '@dossier/replication/links.ts';
import { failRun } from '@dossier/replication/run-endings.ts';
import { saveProgress, startRun } from '@dossier/replication/runs.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openEventStream } from '../kit/event-stream.ts';
import type { EventStream } from '../kit/event-stream.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

const follow = (at = node): Promise<EventStream> => openEventStream(`${at.url}/sync/events/`, at.tokens.viewer);

async function link(at = node): Promise<{ list: number; runId: number }> {
  const list = await at.makeList();
  const made = await createLink(at.test.database, {
    slaveListId: list,
    remoteUrl: 'http://master.example',
    remoteListId: 1,
    refuseNonEmpty: false,
    by: null,
  });
  return { list, runId: made.outcome === 'created' ? (made.runId ?? 0) : 0 };
}

it('begins with every link and tells of each change in order', async () => {
  const before = await link();
  const stream = await follow();
  expect(stream.response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(stream.response.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(stream.response.headers.get('x-accel-buffering')).toBe('no');
  await stream.until(({ name, data }) => name === 'link' && data['slave_dossier_list'] === before.list);

  const { list, runId } = await link();
  const about = (state: string, name = 'link') =>
    stream.until((e) => e.name === name && e.data['slave_dossier_list'] === list && e.data['state'] === state);
  await about('pending');
  await about('queued', 'run');
  const { database } = node.test;
  const taken = { runId, fence: (await startRun(database, runId, 1))?.fence ?? 0 };
  await about('syncing');
  await saveProgress(database, taken, { state: 'fetching', fetched: 10, total: 20 });
  const fetching = await stream.until((e) => e.name === 'link' && (e.data['progress'] as { done?: number } | null)?.done === 10);
  expect(linkSchema.parse(fetching.data).progress).toMatchObject({ phase: 'fetching', total: 20 });
  const error = { code: 'NO_SUCH_LIST', desc: 'There is none.', remedy: 'Link another.', attempts: 1, next_attempt: null };
  await failRun(database, taken, { phase: 'fetching', error, nextAttempt: null, state: 'failed' });
  expect(linkSchema.parse((await about('failed')).data).error).toEqual(error);
  expect(runSchema.parse((await about('failed', 'run')).data).finished_date).not.toBeNull();
  await startUnlink(database, list, false);
  await about('unlinking');
  await finishUnlink(database, list);
  await stream.until(({ data }) => data['gone'] === true && data['slave_dossier_list'] === list);

  const own = stream.events.filter((event) => event.data['slave_dossier_list'] === list && event.name === 'link');
  expect(own.map(({ data }) => data['state'] ?? 'gone').filter((state, at, all) => state !== all[at - 1])).toEqual([
    'pending',
    'syncing',
    'failed',
    'unlinking',
    'gone',
  ]);
  const ids = stream.events.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  stream.close();
});

it('tells of a burst by few events, and of its end', async () => {
  const { list, runId } = await link();
  const stream = await follow();
  await stream.until(({ data }) => data['slave_dossier_list'] === list);
  const { database } = node.test;
  const taken = { runId, fence: (await startRun(database, runId, 1))?.fence ?? 0 };
  const started = performance.now();
  for (let fetched = 1; fetched <= 200; fetched += 1) await saveProgress(database, taken, { fetched });
  await stream.until((e) => e.name === 'link' && (e.data['progress'] as { done?: number } | null)?.done === 200);
  const seconds = (performance.now() - started) / 1000;
  const told = stream.events.filter(({ name, data }) => name === 'link' && data['slave_dossier_list'] === list);
  expect(told.length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 3);
  stream.close();
});

it('goes on after the listening connection was lost, and tells what was missed', async () => {
  const { list } = await link();
  const doomed = await link();
  const stream = await follow();
  await stream.until(({ data }) => data['slave_dossier_list'] === list);
  const { database } = node.test;
  // In one transaction with the change, so that nobody can hear of it.
  await database.transaction(async (tx) => {
    await tx.raw(`select set_config('session_replication_role', 'replica', true)`);
    await tx.raw(`update links set remote_name = 'Missed' where slave_list_id = ?`, [list]);
    await tx.raw(`delete from links where slave_list_id = ?`, [doomed.list]);
  });
  const killed = await query<{ done: boolean }>(
    database,
    `select pg_terminate_backend(pid) as done from pg_stat_activity where application_name = 'dossier events' and datname = current_database()`,
  );
  expect(killed).toEqual([{ done: true }]);
  await stream.until(({ data }) => data['remote_name'] === 'Missed');
  await stream.until(({ data }) => data['slave_dossier_list'] === doomed.list && data['gone'] === true);
  await query(database, `update links set remote_name = 'Heard' where slave_list_id = :list`, { list });
  await stream.until(({ data }) => data['remote_name'] === 'Heard');
  stream.close();
});

it('drops a client that does not read, and only that', async () => {
  const { list } = await link();
  const reader = await follow();
  const { hostname, port } = new URL(node.url);
  const sleeper = connect(Number(port), hostname);
  sleeper.write(`GET /sync/events/ HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Token ${node.tokens.viewer}\r\n\r\n`);
  await once(sleeper, 'readable');
  const padding = 'x'.repeat(1024 * 1024);
  const rounds = 24;
  for (let round = 1; round <= rounds; round += 1) {
    await query(node.test.database, `update links set remote_name = :name where slave_list_id = :list`, {
      list,
      name: `${round} ${padding}`,
    });
    await reader.until(({ data }) => data['remote_name'] === `${round} ${padding}`);
  }
  let received = '';
  sleeper.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  // A connection that is broken off may say so.
  sleeper.on('error', () => undefined);
  await once(sleeper, 'close');
  expect(received).not.toContain(`"remote_name":"${rounds} x`);
  await query(node.test.database, `update links set remote_name = 'Small again' where slave_list_id = :list`, { list });
  await reader.until(({ data }) => data['remote_name'] === 'Small again');
  reader.close();
});

it('drops a client whose reads can not be kept as fast as events come, and keeps none of those that it never gets', async () => {
  const own = await startNodeApi();
  const { database } = own.test;
  const { list } = await link(own);
  await link(own);
  await query(database, `update watch_lists set log_reads = true where true`);
  await query(
    database,
    `insert into set_aside (list_id, uuid, reason, hash) select id, gen_random_uuid(), 'HASH_DIFFERS', '' from watch_lists`,
  );
  const reader = await openEventStream(`${own.url}/sync/events/`, own.tokens.admin);
  await reader.until(({ data }) => data['slave_dossier_list'] === list + 1);
  await transaction(database, async (tx) => {
    await query(tx, `lock table reads in share mode`);
    const stream = await follow(own);
    const padding = 'x'.repeat(1024 * 1024);
    for (let round = 1; round <= 20; round += 1) {
      await query(database, `update links set remote_name = :name where slave_list_id = :list`, { list, name: `${round} ${padding}` });
      await reader.until(({ data }) => data['remote_name'] === `${round} ${padding}`);
    }
    await stream.ended;
    expect(stream.events).toEqual([]);
  });
  const next = await follow(own);
  await next.until(({ data }) => data['slave_dossier_list'] === list + 1);
  // One was being kept when the first stream ended.
  expect(await query(database, `select from reads where actor = 'viewer'`)).toHaveLength(3);
  next.close();
  reader.close();
  await own.stop();
});

it('is for users only, takes a bounded number of them, and ends with the node', async () => {
  const other = await startNodeApi();
  expect((await fetch(`${other.url}/sync/events/`)).status).toBe(401);
  const head = await fetch(`${other.url}/sync/events`, { method: 'HEAD', headers: { authorization: `Token ${other.tokens.viewer}` } });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const streams = await Promise.all(Array.from({ length: 5 }, () => follow(other)));
  const refused = await other.call('GET', '/sync/events/', { role: 'viewer' });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
  streams[0]?.close();
  await expect
    .poll(() =>
      fetch(`${other.url}/sync/events/`, { method: 'HEAD', headers: { authorization: `Token ${other.tokens.viewer}` } }).then(
        ({ status }) => status,
      ),
    )
    .toBe(200);
  const started = performance.now();
  const stopped = other.stop();
  await Promise.all(streams.map(({ ended }) => ended));
  expect(performance.now() - started).toBeLessThan(2000);
  await stopped;
});

it('says of none of more than a thousand links that it is gone when the connection to the database was lost', async () => {
  const many = await startNodeApi();
  const { database } = many.test;
  await query(
    database,
    `with lists as (insert into watch_lists (name) select 'list ' || n from generate_series(1, 1010) n returning id)
     insert into links (slave_list_id, remote_url, remote_list_id) select id, 'http://master.example', id from lists`,
  );
  const [last] = await query<{ id: number }>(database, `select max(slave_list_id) as id from links`);
  const stream = await follow(many);
  await stream.until(() => stream.events.length >= 1000);
  await query(database, `update links set state = 'failed' where slave_list_id = :id`, { id: last?.id });
  await stream.until(({ data }) => data['slave_dossier_list'] === last?.id && data['state'] === 'failed');
  const cut = await query(
    database,
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dossier events' and datname = current_database()`,
  );
  expect(cut).toHaveLength(1);
  await query(database, `update links set state = 'synced' where slave_list_id = :id`, { id: last?.id });
  await stream.until(({ data }) => data['slave_dossier_list'] === last?.id && (data['state'] === 'synced' || data['gone'] === true));
  expect(stream.events.filter(({ data }) => data['gone'] === true)).toEqual([]);
  stream.close();
  await many.stop();
});
