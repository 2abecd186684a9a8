import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { jobs } from '@dossier/jobs/declarations.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import { keepSchedulers } from '@dossier/jobs/schedulers.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

import type { FaultyServer } from '../kit/faulty-server.ts';
import { describeQueues, recorder } from '../kit/queue-conformance.ts';
import { startRedisServer } from '../kit/redis-server.ts';

describeQueues('Redis', startRedisServer);

const logger = pino({ level: 'silent' });
const schedule = { syncTime: { hour: 3, minute: 0 }, timeZone: 'UTC' };
let server: FaultyServer;
let client: Redis;

beforeAll(async () => {
  server = await startRedisServer();
  client = new Redis(server.redisUrl ?? '');
  // It is away in some tests.
  client.on('error', () => undefined);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

function site(): { redisUrl: string | null; databaseUrl: string; prefix: string; logger: typeof logger } {
  return { redisUrl: server.redisUrl, databaseUrl: server.databaseUrl, prefix: `dossier-${randomUUID()}`, logger };
}

test('after FLUSHALL the workers live, new jobs run, and the schedulers come back by themselves', async () => {
  const where = site();
  const queues = await openQueues(where);
  let release = (): void => undefined;
  const record = recorder(({ name }) => {
    if (name !== 'link') return undefined;
    return new Promise((resolve) => {
      release = resolve;
    });
  });
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 1 } });
  const keeper = keepSchedulers({ queues, schedule: () => schedule, logger });
  await vi.waitUntil(() => record.starts('prune').length === 1 && record.starts('sweep').length > 0, 5000);
  await queues.enqueue(jobs.link, { slaveDossierList: 1 });
  await vi.waitUntil(() => record.starts('link').length === 1);

  await client.flushall();
  release();
  const sweeps = record.starts('sweep').length;
  expect(await queues.enqueue(jobs.sync, { runId: 1 })).toBe(true);
  await vi.waitUntil(() => record.starts('sync').length === 1, 15_000);
  expect(await queues.enqueue(jobs.link, { slaveDossierList: 1 })).toBe(true);
  await vi.waitUntil(() => record.starts('link').length === 2, 15_000);
  release();
  await vi.waitUntil(() => record.starts('sweep').length > sweeps + 1, 40_000);

  keeper.stop();
  await workers.close({ timeoutMs: 2000 });
  await queues.close();
});

test('a scheduler whose next job was lost is mended', async () => {
  const where = site();
  const queues = await openQueues(where);
  await queues.upsertSchedulers(schedule);
  const sync = queues.list().find(({ name }) => name === 'sync');
  const [job] = (await sync?.getDelayed()) ?? [];
  await client.del(`${where.prefix}:sync:${job?.id}`);
  await client.zrem(`${where.prefix}:sync:delayed`, job?.id ?? '');
  expect((await queues.counts()).sync.delayed).toBe(0);
  await queues.upsertSchedulers(schedule);
  expect((await queues.counts()).sync.delayed).toBe(1);
  await queues.close();
});

test('two sites on one Redis do not see each other', async () => {
  const here = await openQueues(site());
  const elsewhere = site();
  const record = recorder();
  const workers = await startWorkers({ ...elsewhere, handlers: record.handlers, concurrency: { sync: 1 } });
  const there = await openQueues(elsewhere);
  await here.enqueue(jobs.sync, { runId: 1 });
  await there.enqueue(jobs.sync, { runId: 2 });
  await vi.waitUntil(async () => (await there.counts()).sync.completed === 1);
  expect(record.starts('sync').map(({ payload }) => payload)).toEqual([{ runId: 2 }]);
  expect((await here.counts()).sync.waiting).toBe(1);
  await workers.close({ timeoutMs: 1000 });
  await Promise.all([here.close(), there.close()]);
});

test('a Redis that is away at the start is waited for, and producers fail fast meanwhile', async () => {
  const where = site();
  await server.pause();
  const queues = await openQueues(where);
  const record = recorder();
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 1 } });
  const begin = Date.now();
  await expect(queues.enqueue(jobs.sync, { runId: 1 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(Date.now() - begin).toBeLessThan(2500);
  await server.resume();
  await vi.waitUntil(() => queues.enqueue(jobs.sync, { runId: 2 }).catch(() => false), 10_000);
  await vi.waitUntil(() => record.starts('sync').length > 0, 10_000);
  expect(record.starts('sync').map(({ payload }) => payload)).toEqual([{ runId: 2 }]);
  await workers.close({ timeoutMs: 1000 });
  await queues.close();
});

test('closing does not hang while Redis is away', async () => {
  const where = site();
  const queues = await openQueues(where);
  const record = recorder();
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 1 } });
  await queues.prove();
  await server.pause();
  const begin = Date.now();
  await workers.close({ timeoutMs: 1000 });
  await queues.close();
  expect(Date.now() - begin).toBeLessThan(6000);
  await server.resume();
});

test('a server that may evict jobs is warned about', async () => {
  const lines: string[] = [];
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const queues = await openQueues({ ...site(), logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }) });
  await queues.prove();
  await vi.waitUntil(() => lines.some((line) => line.includes('noeviction')));
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  await queues.close();
});

test('a Redis that does not let us in is refused at the start, with the remedy', async () => {
  await client.config('SET', 'requirepass', 'secret');
  const where = { ...site(), redisUrl: (server.redisUrl ?? '').replace('redis://', 'redis://:wrong@') };
  const refusal = { code: 'UNAVAILABLE', message: expect.stringContaining('refuses the user or the password') as string };
  await expect(openQueues(where)).rejects.toMatchObject(refusal);
  const { handlers } = recorder();
  await expect(startWorkers({ ...where, handlers, concurrency: { sync: 1 } })).rejects.toMatchObject(refusal);
  const queues = await openQueues({ ...where, redisUrl: where.redisUrl.replace('wrong', 'secret') });
  await queues.prove();
  await queues.close();
  await client.config('SET', 'requirepass', '');
});
