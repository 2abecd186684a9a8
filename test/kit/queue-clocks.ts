import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { jobs } from '@dossier/jobs/declarations.ts';
import { migrateQueues } from '@dossier/jobs/postgres-connection.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import { nextRunMs } from '@dossier/jobs/settings.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';
import type { Workers } from '@dossier/jobs/workers.ts';
import { FakeClock } from './fake-clock.ts';
import type { FaultyServer } from './faulty-server.ts';
import { recorder } from './queue-conformance.ts';
import type { Started } from './queue-conformance.ts';

const dayMs = 24 * 60 * 60 * 1000;
const schedule = { syncTime: { hour: 3, minute: 0 }, timeZone: 'Europe/Athens' };
const logger = pino({ level: 'silent' });

/** What the queues promise of a clock that was ahead and is right again, whatever holds them. */
export function describeQueueClocks(backend: string, startServer: () => Promise<FaultyServer>): void {
  describe(`queues on ${backend} after a clock was 200 days ahead`, () => {
    let server: FaultyServer;
    let queues: Queues;
    let where: { redisUrl: string | null; databaseUrl: string; prefix: string; logger: typeof logger };
    const running: Workers[] = [];

    beforeAll(async () => {
      server = await startServer();
      if (server.redisUrl === null) await migrateQueues(server.databaseUrl);
      where = { redisUrl: server.redisUrl, databaseUrl: server.databaseUrl, prefix: 'dossier-clock', logger };
      queues = await openQueues(where);
    });
    afterEach(async () => {
      vi.useRealTimers();
      await Promise.all(running.splice(0).map((workers) => workers.close({ timeoutMs: 2000 })));
      for (const queue of queues.list()) await queue.obliterate({ force: true });
    });
    afterAll(async () => {
      await queues.close();
      await server.stop();
    });

    function jump(): void {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 200 * dayMs });
    }

    async function work(act: (started: Started) => void = () => undefined): Promise<ReturnType<typeof recorder>> {
      const record = recorder(act);
      running.push(await startWorkers({ ...where, handlers: record.handlers, concurrency: { sync: 2 } }));
      return record;
    }

    test('recurring jobs follow the clock of now', async () => {
      jump();
      await queues.upsertSchedulers(schedule);
      vi.useRealTimers();
      await queues.upsertSchedulers(schedule);
      const next = async (queue: string, name: string): Promise<number | undefined> =>
        (
          await queues
            .list()
            .find((each) => each.name === queue)
            ?.getJobScheduler(name)
        )?.next;
      expect(await next('sync', 'tick')).toBe(nextRunMs(Date.now(), { pattern: '0 3 * * *', tz: 'Europe/Athens' }));
      for (const name of ['sweep', 'prune']) expect(await next('maintenance', name)).toBeLessThanOrEqual(Date.now() + 3_600_000);
      const record = await work();
      await vi.waitUntil(() => record.starts('sweep').length > 0 && record.starts('prune').length > 0, 5000);
    });

    test('what failed meanwhile is tried again at once', async () => {
      jump();
      const record = await work(({ context }) => {
        if (context.attempt === 1) throw new Error('once');
      });
      await queues.enqueue(jobs.unlink, { slaveDossierList: 1, purge: false });
      await vi.waitUntil(async () => (await queues.counts()).commands.delayed === 1, 5000);
      vi.useRealTimers();
      await queues.takeBackTimes();
      await vi.waitUntil(() => record.starts('unlink').length === 2, 5000);
    });

    test('the job of a worker that was killed meanwhile is taken over, and those of later ones', async () => {
      const clock = await FakeClock.create();
      await clock.set(200);
      for (const runId of [40, 41]) {
        const program = fileURLToPath(new URL('hanging-worker.ts', import.meta.url));
        const { redisUrl, databaseUrl, prefix } = where;
        const child = spawn(process.execPath, [program, JSON.stringify({ redisUrl, databaseUrl, prefix })], {
          stdio: ['ignore', 'pipe', 'inherit'],
          env: { PATH: process.env['PATH'], ...(runId === 40 && clock.environment) },
        });
        await queues.enqueue(jobs.sync, { runId });
        await once(child.stdout, 'data');
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await queues.takeBackTimes();
      const record = await work();
      await vi.waitUntil(() => record.starts('sync').length === 2, 20_000);
      await clock.remove();
    });
  });
}
