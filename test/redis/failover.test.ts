import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { jobs } from '@dossier/jobs/declarations.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

import { recorder } from '../kit/queue-conformance.ts';
import { startRedisServer } from '../kit/redis-server.ts';
import { startSwitchboard } from '../kit/switchboard.ts';
import type { Switchboard } from '../kit/switchboard.ts';

/** Two Redis, of which one follows the other, behind one address. */
interface Pair {
  servers: Awaited<ReturnType<typeof startRedisServer>>[];
  clients: Redis[];
  board: Switchboard;
  primary: number;
}

let pair: Pair;

beforeEach(async () => {
  const servers = await Promise.all([startRedisServer(), startRedisServer()]);
  const clients = servers.map(({ redisUrl }) => new Redis(redisUrl ?? ''));
  for (const client of clients) client.on('error', () => undefined);
  pair = { servers, clients, board: await startSwitchboard(portOf(0, servers)), primary: 0 };
  await follow(1, 0);
});
afterEach(async () => {
  pair.board.close();
  for (const client of pair.clients) client.disconnect();
  await Promise.all(pair.servers.map((server) => server.stop()));
});

function portOf(index: number, servers = pair.servers): number {
  return Number(new URL(servers[index]?.redisUrl ?? '').port);
}

/** Resolves when the follower has what the other one has. */
async function follow(follower: number, leader: number): Promise<void> {
  const client = pair.clients[follower];
  await client?.replicaof('127.0.0.1', String(portOf(leader)));
  await vi.waitUntil(async () => (await client?.info('replication'))?.includes('master_link_status:up'), 20_000);
}

/** The replica becomes the primary and gets the address; connections to the one before stay open. */
async function failOver(): Promise<void> {
  const former = pair.primary;
  pair.primary = 1 - former;
  await pair.clients[pair.primary]?.replicaof('NO', 'ONE');
  await pair.clients[former]?.replicaof('127.0.0.1', String(portOf(pair.primary)));
  pair.board.lead(portOf(pair.primary));
}

async function openSite() {
  const where = {
    redisUrl: `redis://127.0.0.1:${pair.board.port}`,
    databaseUrl: 'postgres://unused.invalid/unused',
    prefix: `dossier-${randomUUID()}`,
    logger: pino({ level: 'silent' }),
  };
  const queues = await openQueues(where);
  const record = recorder();
  const workers = await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 2 } });
  return {
    queues,
    /** Resolves when a job was taken by the queue and given to a worker. */
    async runs(runId: number, withinMs: number): Promise<void> {
      const isThere = (): boolean => record.starts('sync').some(({ payload }) => 'runId' in payload && payload.runId === runId);
      await vi.waitUntil(
        () =>
          queues.enqueue(jobs.sync, { runId }).then(
            () => true,
            () => false,
          ),
        { timeout: withinMs, interval: 200 },
      );
      await vi.waitUntil(isThere, { timeout: withinMs, interval: 50 });
    },
    async close(): Promise<void> {
      await workers.close({ timeoutMs: 1000 });
      await queues.close();
    },
  };
}

test('jobs run again by themselves after two Redis behind one address have changed roles, as often as they do', async () => {
  const site = await openSite();
  await site.runs(1, 5000);
  for (const runId of [2, 3, 4]) {
    await failOver();
    await site.runs(runId, 20_000);
    expect(await site.queues.prove()).toBeNull();
  }
  await site.close();
});

test('jobs run again by themselves after the primary has lost its power and another one got its address', async () => {
  const site = await openSite();
  await site.runs(1, 5000);
  pair.board.silence();
  await failOver();
  await site.runs(2, 40_000);
  await site.close();
});

test('a read-only replica is named, and no longer once the address leads to the primary', async () => {
  const site = await openSite();
  pair.board.lead(portOf(1));
  await pair.clients[1]?.replicaof('127.0.0.1', String(portOf(0)));
  const former = pair.primary;
  await pair.clients[former]?.replicaof('127.0.0.1', String(portOf(1)));
  await expect(site.queues.prove()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('read-only replica') as string,
    remedy: expect.stringContaining('REDIS_URL') as string,
  });
  await pair.clients[1]?.replicaof('NO', 'ONE');
  await site.runs(2, 20_000);
  expect(await site.queues.prove()).toBeNull();
  await site.close();
});
