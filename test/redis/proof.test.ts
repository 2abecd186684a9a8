import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { jobs } from '@dossier/jobs/declarations.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

import { recorder } from '../kit/queue-conformance.ts';
import { startRedisServer } from '../kit/redis-server.ts';

let server: Awaited<ReturnType<typeof startRedisServer>>;
let client: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.redisUrl ?? '');
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

function site(redisUrl = server.redisUrl): Parameters<typeof openQueues>[0] {
  return {
    redisUrl,
    databaseUrl: 'postgres://unused.invalid/unused',
    prefix: `dossier-${randomUUID()}`,
    logger: pino({ level: 'silent' }),
  };
}

/** The address with a user who has these rights. */
async function urlOfUser(...rights: string[]): Promise<string> {
  await client.acl('SETUSER', 'dossier', 'reset', 'on', '>a#b/c@d%e:f', ...rights);
  return (server.redisUrl ?? '').replace('redis://', `redis://dossier:${encodeURIComponent('a#b/c@d%e:f')}@`);
}

test('a proof leaves nothing behind, and many at once are one', async () => {
  const where = site();
  const queues = await openQueues(where);
  await queues.prove();
  const before = (await client.keys(`${where.prefix}:*`)).length;
  await Promise.all(Array.from({ length: 20 }, () => queues.prove()));
  for (let times = 0; times < 20; times += 1) await queues.prove();
  expect(await client.keys(`${where.prefix}:*`)).toHaveLength(before);
  expect(await client.xlen(`${where.prefix}:proof:events`)).toBeLessThan(200);
  await queues.close();
});

test('a full memory is named while it lasts', async () => {
  const queues = await openQueues(site());
  expect(await queues.prove()).toBeNull();
  await client.config('SET', 'maxmemory', '1');
  const full = {
    code: 'UNAVAILABLE',
    message: expect.stringContaining('maxmemory') as string,
    remedy: expect.stringContaining('Raise') as string,
  };
  await expect(queues.prove()).rejects.toMatchObject(full);
  await expect(queues.enqueue(jobs.sync, { runId: 1 })).rejects.toMatchObject(full);
  await client.config('SET', 'maxmemory', '0');
  expect(await queues.prove()).toBeNull();
  await queues.close();
});

test('a policy that throws jobs away is named, although the queue works', async () => {
  const queues = await openQueues(site());
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(await queues.prove()).toMatchObject({
    sentence: expect.stringContaining('allkeys-lru') as string,
    remedy: expect.stringContaining('noeviction') as string,
  });
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  expect(await queues.prove()).toBeNull();
  await queues.close();
});

test('a user with the rights that the documentation asks for can do everything', async () => {
  const where = site(await urlOfUser('resetkeys', '~dossier-*', '+@all', '-@admin', '-@dangerous', '+info'));
  const queues = await openQueues(where);
  const record = recorder();
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 1 } });
  expect(await queues.prove()).toBeNull();
  await queues.enqueue(jobs.sync, { runId: 1 });
  await vi.waitUntil(() => record.starts('sync').length === 1, 5000);
  await vi.waitUntil(async () => (await queues.counts()).sync.completed === 1, 5000);
  await workers.close({ timeoutMs: 1000 });
  await queues.close();
});

test.each(['@scripting', 'bzpopmin', 'zadd', 'xadd'])('a missing right to %s is named', async (command) => {
  const queues = await openQueues(site(await urlOfUser('allkeys', '+@all', `-${command}`)));
  await expect(queues.prove()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('does not allow the user') as string,
    remedy: expect.stringContaining('ACL SETUSER') as string,
  });
  await queues.close();
});

test('a user who may not touch the keys, or not even ask for the version, is named at the start or by the proof', async () => {
  const queues = await openQueues(site(await urlOfUser('~others-*', '+@all')));
  await expect(queues.prove()).rejects.toMatchObject({ message: expect.stringContaining('does not allow the user') as string });
  await queues.close();
  await expect(openQueues(site(await urlOfUser('allkeys', '+@all', '-info')))).rejects.toMatchObject({
    message: expect.stringContaining('the command info') as string,
  });
});

test('a Redis that waits for replicas is named', async () => {
  const queues = await openQueues(site());
  await client.config('SET', 'min-replicas-to-write', '1');
  await expect(queues.prove()).rejects.toMatchObject({ message: expect.stringContaining('fewer replicas') as string });
  await client.config('SET', 'min-replicas-to-write', '0');
  expect(await queues.prove()).toBeNull();
  await queues.close();
});

test('it is known when a worker was last at work', async () => {
  const where = site();
  const queues = await openQueues(where);
  expect(await queues.lastWork()).toBeNull();
  const begun = Date.now();
  const record = recorder();
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 1 } });
  await queues.enqueue(jobs.sweep, {});
  await vi.waitUntil(async () => ((await queues.lastWork())?.getTime() ?? 0) >= begun, 5000);
  await workers.close({ timeoutMs: 1000 });
  await queues.close();
});
