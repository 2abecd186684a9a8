import { pino } from 'pino';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { jobs } from '@dossier/jobs/declarations.ts';
import { migrateQueues } from '@dossier/jobs/postgres-connection.ts';
import { openQueues } from '@dossier/jobs/queues.ts';
import { startWorkers } from '@dossier/jobs/workers.ts';

import type { FaultyServer } from '../kit/faulty-server.ts';
import { startPostgresServer } from '../kit/postgres-server.ts';
import { describeQueues, recorder } from '../kit/queue-conformance.ts';

describeQueues('PostgreSQL', startPostgresServer);

let server: FaultyServer;
beforeAll(async () => {
  server = await startPostgresServer();
});
afterAll(async () => {
  await server.stop();
});

function options(databaseUrl: string): Parameters<typeof openQueues>[0] {
  return { redisUrl: null, databaseUrl, prefix: 'dossier-test', logger: pino({ level: 'silent' }) };
}

test('a database without the tables is refused with the remedy, and no worker starts idle on it', async () => {
  const refusal = { code: 'UNAVAILABLE', remedy: 'Run: dossier migrate' };
  await expect(openQueues(options(server.databaseUrl))).rejects.toMatchObject(refusal);
  const { handlers } = recorder();
  await expect(startWorkers({ ...options(server.databaseUrl), handlers, concurrency: { sync: 1 } })).rejects.toMatchObject(refusal);
});

test('a database that does not answer is refused within the deadline', async () => {
  const begin = Date.now();
  await expect(openQueues(options('postgres://nobody@127.0.0.1:1/none'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(Date.now() - begin).toBeLessThan(3000);
});

test('several processes may migrate at once, and settings in the URL are kept', async () => {
  await Promise.all([1, 2, 3, 4].map(() => migrateQueues(server.databaseUrl)));
  const url = `${server.databaseUrl}?options=-c%20statement_timeout%3D5s`;
  const queues = await openQueues(options(url));
  expect(await queues.enqueue(jobs.sync, { runId: 1 })).toBe(true);
  const client = new Client({ connectionString: server.databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ queue: string; data: unknown }>('select queue, data from bullmq.job');
  expect(rows).toEqual([{ queue: 'sync', data: { runId: 1 } }]);
  await client.end();
  await queues.close();
});
