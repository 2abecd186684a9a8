import { pino } from 'pino';

import type { JobHandlers } from '@dossier/jobs/workers.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

/**
 * A program that takes jobs and never finishes one, to be killed: `hanging-worker.ts {redisUrl, databaseUrl, prefix}`.
 * It writes a line when it has begun a job.
 */
const hang = async (): Promise<void> => {
  process.stdout.write('begun\n');
  await new Promise(() => undefined);
};
const done = async (): Promise<void> => undefined;
const handlers = {
  link: done,
  unlink: done,
  sync: hang,
  tick: done,
  sweep: done,
  prune: done,
  'check-photos': done,
  'collect-photos': done,
  notify: done,
  'dead-letter': done,
} satisfies JobHandlers;

const where = JSON.parse(process.argv[2] ?? '') as { redisUrl: string | null; databaseUrl: string; prefix: string };
await startWorkers({ ...where, logger: pino({ level: 'silent' }), handlers, concurrency: { sync: 1 } });
