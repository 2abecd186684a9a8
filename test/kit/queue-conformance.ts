import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { jobs } from '@dossier/jobs/declarations.ts';
import type { JobName } from '@dossier/jobs/declarations.ts';
import { migrateQueues } from '@dossier/jobs/postgres-connection.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import { retryDelayMs } from '@dossier/jobs/retry.ts';
import { keepSchedulers } from '@dossier/jobs/schedulers.ts';
import { nextRunMs } from '@dossier/jobs/settings.ts';
import type { JobContext, JobHandlers, Workers } from '@dossier/jobs/workers.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

import type { FaultyServer } from './faulty-server.ts';

const schedule = { syncTime: { hour: 3, minute: 0 }, timeZone: 'Europe/Athens' };

export interface Started {
  readonly name: JobName;
  readonly payload: object;
  readonly context: JobContext;
  readonly atMs: number;
}

interface Recorder {
  readonly handlers: JobHandlers;
  starts(name: JobName): Started[];
}

class OperatorError extends Error {
  readonly kind = 'operator';
}

/** What a test needs to follow jobs: handlers that write down each start and then do what `act` says. */
export function recorder(act: (started: Started) => Promise<void> | void = () => undefined): Recorder {
  const all: Started[] = [];
  const handler =
    (name: JobName) =>
    async (payload: object, context: JobContext): Promise<void> => {
      const started = { name, payload, context, atMs: Date.now() };
      all.push(started);
      await act(started);
    };
  const handlers = {
    link: handler('link'),
    unlink: handler('unlink'),
    sync: handler('sync'),
    tick: handler('tick'),
    sweep: handler('sweep'),
    prune: handler('prune'),
    'check-photos': handler('check-photos'),
    'collect-photos': handler('collect-photos'),
    notify: handler('notify'),
    'dead-letter': handler('dead-letter'),
  } satisfies JobHandlers;
  return { handlers, starts: (name) => all.filter((started) => started.name === name) };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
}

async function until(condition: () => unknown, timeoutMs = 10_000): Promise<void> {
  await vi.waitUntil(async () => Boolean(await condition()), { timeout: timeoutMs, interval: 20 });
}

const silent = pino({ level: 'silent' });

/** One datastore for all tests, and before each of them the queues, empty and without workers. */
interface Bench {
  readonly server: FaultyServer;
  readonly where: { redisUrl: string | null; databaseUrl: string; prefix: string; logger: typeof silent };
  readonly queues: Queues;
  work(act?: (started: Started) => Promise<void> | void): Promise<Recorder>;
  stopWorkers(timeoutMs?: number): Promise<void>;
}

function setUp(startServer: () => Promise<FaultyServer>): Bench {
  let server: FaultyServer;
  let queues: Queues;
  let running: Workers[] = [];

  const where = (): Bench['where'] => ({
    redisUrl: server.redisUrl,
    databaseUrl: server.databaseUrl,
    prefix: 'dossier-test',
    logger: silent,
  });
  const stopWorkers = async (timeoutMs = 2000): Promise<void> => {
    await Promise.all(running.splice(0).map((workers) => workers.close({ timeoutMs })));
  };

  beforeAll(async () => {
    server = await startServer();
    if (server.redisUrl === null) await migrateQueues(server.databaseUrl);
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    running = [];
    queues = await openQueues(where());
  });
  afterEach(async () => {
    await stopWorkers();
    for (const queue of queues.list()) await queue.obliterate({ force: true });
    await queues.close();
  });

  return {
    get server() {
      return server;
    },
    get where() {
      return where();
    },
    get queues() {
      return queues;
    },
    async work(act) {
      const record = recorder(act);
      running.push(await startWorkers({ ...where(), handlers: record.handlers, concurrency: { sync: 2 } }));
      return record;
    },
    stopWorkers,
  };
}

function testReminders(bench: Bench): void {
  test('a reminder reaches its handler once, however often it is left', async () => {
    expect(await bench.queues.enqueue(jobs.link, { slaveDossierList: 5, fence: 2 })).toBe(true);
    expect(await bench.queues.enqueue(jobs.link, { fence: 2, slaveDossierList: 5 })).toBe(false);
    expect(await bench.queues.enqueue(jobs.link, { slaveDossierList: 5, fence: 3 })).toBe(true);
    const record = await bench.work();
    await until(async () => (await bench.queues.counts()).commands.completed === 2);
    expect(record.starts('link').map(({ payload }) => payload)).toEqual([
      { slaveDossierList: 5, fence: 2 },
      { slaveDossierList: 5, fence: 3 },
    ]);
    expect(record.starts('link')[0]?.context).toMatchObject({ attempt: 1, lastAttempt: false, retriedByHand: false });
  });

  test('a payload that its schema refuses is not enqueued', async () => {
    await expect(bench.queues.enqueue(jobs.sync, { runId: -1 })).rejects.toThrow();
    expect((await bench.queues.counts()).sync.waiting).toBe(0);
  });

  test('a run can be reminded of again as soon as its job has completed or failed', async () => {
    const record = await bench.work(({ payload }) => {
      if ('runId' in payload && payload.runId === 2) throw new OperatorError('refused');
    });
    for (const runId of [1, 2]) {
      for (const times of [1, 2, 3]) {
        await until(() => bench.queues.enqueue(jobs.sync, { runId }));
        await until(() => record.starts('sync').filter(({ payload }) => (payload as { runId: number }).runId === runId).length === times);
      }
    }
    await until(async () => (await bench.queues.counts()).sync.failed === 3);
    expect((await bench.queues.counts()).sync.completed).toBe(3);
  });

  test('many reminders of one run at the same moment leave exactly one', async () => {
    const added = await Promise.all(Array.from({ length: 20 }, () => bench.queues.enqueue(jobs.sync, { runId: 8 })));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect((await bench.queues.counts()).sync.waiting).toBe(1);
  });

  test('a delayed reminder can be taken back', async () => {
    await bench.queues.enqueue(jobs.sync, { runId: 6 }, { delayMs: 60_000 });
    expect(await bench.queues.remove(jobs.sync, { runId: 6 })).toBe(true);
    expect(await bench.queues.remove(jobs.sync, { runId: 6 })).toBe(false);
    expect((await bench.queues.counts()).sync.delayed).toBe(0);
    expect(await bench.queues.enqueue(jobs.sync, { runId: 6 })).toBe(true);
  });
}

function testFailures(bench: Bench): void {
  test('a failure that may pass is tried again after the delay that can be known beforehand', async () => {
    const record = await bench.work(({ context }) => {
      if (context.attempt < 3) throw new Error('the master is away');
    });
    await bench.queues.enqueue(jobs.sync, { runId: 17 });
    await until(() => record.starts('sync').length === 3);
    const [first, second, third] = record.starts('sync').map(({ atMs }) => atMs) as [number, number, number];
    expect(Math.abs(second - first - retryDelayMs(17, 1))).toBeLessThan(400);
    expect(Math.abs(third - second - retryDelayMs(17, 2))).toBeLessThan(400);
  });

  test('a reminder that waits for its retry can be started now, and refuses a second one', async () => {
    const record = await bench.work(({ context }) => {
      if (context.attempt === 1) throw new Error('the master is away');
    });
    await bench.queues.enqueue(jobs.sync, { runId: 4 });
    await until(async () => (await bench.queues.counts()).sync.delayed === 1);
    expect(await bench.queues.enqueue(jobs.sync, { runId: 4 })).toBe(false);
    expect(await bench.queues.promote(jobs.sync, { runId: 4 })).toBe(true);
    await until(() => record.starts('sync').length === 2, 500);
    await until(async () => (await bench.queues.counts()).sync.completed === 1);
    expect(await bench.queues.promote(jobs.sync, { runId: 4 })).toBe(false);
  });

  test('the last attempt is announced, and a failure that needs a person is not tried again', async () => {
    const record = await bench.work(({ name }) => {
      throw name === 'tick' ? new Error('broken') : new OperatorError('the token is refused');
    });
    await bench.queues.enqueue(jobs.tick, {});
    await bench.queues.enqueue(jobs.sync, { runId: 3 });
    await until(async () => (await bench.queues.counts()).sync.failed === 2);
    expect(record.starts('tick').map(({ context }) => context.lastAttempt)).toEqual([true]);
    expect(record.starts('sync')).toHaveLength(1);
  });

  test('a job that this version does not know fails and harms nothing', async () => {
    const queue = bench.queues.list().find(({ name }) => name === 'sync');
    await queue?.add('from-the-future', {}, { attempts: 3 });
    await queue?.add('sync', { runId: 'five' }, { attempts: 3 });
    const record = await bench.work();
    await until(async () => (await bench.queues.counts()).sync.failed === 2);
    await bench.queues.enqueue(jobs.sync, { runId: 5 });
    await until(() => record.starts('sync').length === 1);
  });
}

function testInterruptions(bench: Bench): void {
  test('a job interrupted by a shutdown is handed to another worker without counting as an attempt', async () => {
    const first = await bench.work(({ context }) => aborted(context.signal));
    await bench.queues.enqueue(jobs.sync, { runId: 30 });
    await until(() => first.starts('sync').length === 1);
    await bench.stopWorkers();
    const second = await bench.work();
    await until(() => second.starts('sync').length === 1, 1500);
    expect(second.starts('sync')[0]?.context.attempt).toBe(1);
    await until(async () => (await bench.queues.counts()).sync.completed === 1);
    expect(first.starts('sync')).toHaveLength(1);
  });

  test('a handler that does not listen delays a shutdown no longer than allowed, and its job is handed back', async () => {
    const deaf = await bench.work(() => new Promise(() => undefined));
    await bench.queues.enqueue(jobs.sync, { runId: 31 });
    await until(() => deaf.starts('sync').length === 1);
    const begin = Date.now();
    await bench.stopWorkers(500);
    expect(Date.now() - begin).toBeLessThan(4000);
    const second = await bench.work();
    await until(() => second.starts('sync').length === 1, 1500);
  });

  test('the job of a killed worker is taken over within 15 s', async () => {
    const program = fileURLToPath(new URL('hanging-worker.ts', import.meta.url));
    const { redisUrl, databaseUrl, prefix } = bench.where;
    const child = spawn(process.execPath, [program, JSON.stringify({ redisUrl, databaseUrl, prefix })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await bench.queues.enqueue(jobs.sync, { runId: 40 });
    await once(child.stdout, 'data');
    const record = await bench.work();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => record.starts('sync').length === 1, 15_000);
    expect(record.starts('sync')[0]?.context.attempt).toBe(1);
  });

  test('workers and producers outlive a restart of the server', async () => {
    const record = await bench.work(({ payload }) => {
      if ('runId' in payload && payload.runId === 50) return new Promise((resolve) => setTimeout(resolve, 3000));
      return undefined;
    });
    await bench.queues.enqueue(jobs.sync, { runId: 50 });
    await until(() => record.starts('sync').length === 1);
    await bench.server.pause();
    const begin = Date.now();
    await expect(bench.queues.enqueue(jobs.sync, { runId: 51 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(bench.queues.prove()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(Date.now() - begin).toBeLessThan(4500);
    await bench.server.resume();
    await until(() =>
      bench.queues.prove().then(
        () => true,
        () => false,
      ),
    );
    expect(await bench.queues.enqueue(jobs.sync, { runId: 52 })).toBe(true);
    await until(() => record.starts('sync').some(({ payload }) => (payload as { runId: number }).runId === 52), 5000);
    await until(async () => (await bench.queues.counts()).sync.completed >= 2, 20_000);
  });
}

function testDeadLetters(bench: Bench): void {
  test('a dead letter waits among the failed jobs and runs again by hand', async () => {
    const record = await bench.work(({ context }) => {
      if (!context.retriedByHand) throw new OperatorError('Photo 7 is missing on the master: restore it there, then retry.');
    });
    expect(await bench.queues.enqueue(jobs['dead-letter'], { deadLetterId: 12 })).toBe(true);
    await until(async () => (await bench.queues.counts())['dead-letters'].failed === 1);
    expect(await bench.queues.enqueue(jobs['dead-letter'], { deadLetterId: 12 })).toBe(false);
    const job = await bench.queues
      .list()
      .find(({ name }) => name === 'dead-letters')
      ?.getJob('dead-letter-12');
    expect(job?.failedReason).toContain('restore it there');
    await job?.retry('failed');
    await until(() => record.starts('dead-letter').length === 2);
    expect(record.starts('dead-letter')[1]?.context.retriedByHand).toBe(true);
    await until(async () => (await bench.queues.counts())['dead-letters'].failed === 0);
    await until(() => bench.queues.enqueue(jobs['dead-letter'], { deadLetterId: 12 }));
  });
}

function testSchedules(bench: Bench): void {
  test('recurring jobs go on while several processes keep scheduling them', async () => {
    const record = await bench.work();
    const others = await Promise.all([1, 2, 3].map(() => openQueues(bench.where)));
    const keepers = [bench.queues, ...others].map((each) => keepSchedulers({ queues: each, schedule: () => schedule, logger: silent }));
    const nagging = setInterval(() => {
      for (const each of [bench.queues, ...others]) each.upsertSchedulers(schedule).catch(() => undefined);
    }, 50);
    await until(() => record.starts('sweep').length > 0, 2000);
    // Each of the four sweeps once at its start; what comes later comes from the one schedule.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const soon = record.starts('sweep').length;
    await until(() => record.starts('sweep').length >= soon + 2, 32_000);
    const [last = 0, previous = 0] = record
      .starts('sweep')
      .map(({ atMs }) => atMs)
      .toReversed();
    expect(last - previous).toBeGreaterThan(14_000);
    clearInterval(nagging);
    for (const keeper of keepers) keeper.stop();
    await Promise.all(others.map((each) => each.close()));
  });

  test('the tick follows the schedule', async () => {
    const sync = bench.queues.list().find(({ name }) => name === 'sync');
    await bench.queues.upsertSchedulers(schedule);
    expect((await sync?.getJobScheduler('tick'))?.next).toBe(nextRunMs(Date.now(), { pattern: '0 3 * * *', tz: 'Europe/Athens' }));
    await bench.queues.upsertSchedulers({ syncTime: { hour: 4, minute: 30 }, timeZone: 'Asia/Kolkata' });
    expect((await sync?.getJobScheduler('tick'))?.next).toBe(nextRunMs(Date.now(), { pattern: '30 4 * * *', tz: 'Asia/Kolkata' }));
    expect((await bench.queues.counts()).sync.delayed).toBe(1);
  });
}

/** What the queues promise, whatever holds them. `startServer` starts a datastore that the test may take away. */
export function describeQueues(backend: string, startServer: () => Promise<FaultyServer>): void {
  describe(`queues on ${backend}`, () => {
    const bench = setUp(startServer);
    testReminders(bench);
    testFailures(bench);
    testInterruptions(bench);
    testDeadLetters(bench);
    testSchedules(bench);
  });
}
