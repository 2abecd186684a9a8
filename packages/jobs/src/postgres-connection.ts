import { createPostgresBackend, Queue, runMigrations, Worker } from 'bullmq';
import type { BackendFactory, ConnectionOptions as BullConnection, RedisQueueBackend } from 'bullmq';
import { Client, Pool } from 'pg';
import type { ClientBase } from 'pg';

import type { ConnectionOptions, ConnectionRole, QueueConnection } from './connection.ts';
import { withinDeadline } from './deadline.ts';
import { reportErrors } from './error-report.ts';
import { takeBackTimes } from './postgres-times.ts';
import { bullSettings } from './settings.ts';

/** BullMQ looks for its tables here when it is given a pool. */
const schema = 'bullmq';
/** Enough for a name with two addresses of which only the second answers. Deadlines of callers are shorter. */
const connectTimeoutMs = 10_000;

// BullMQ's types are generic over the backend down to the last class; typed as its default they stay readable,
// and nothing here asks for what only one backend has.
const backend = createPostgresBackend as unknown as BackendFactory<RedisQueueBackend>;

/** Brings BullMQ's own tables to its version; safe to run from several hosts at once. Only the PostgreSQL backend needs it. */
export async function migrateQueues(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectTimeoutMs });
  await client.connect();
  try {
    await runMigrations(client, schema);
  } finally {
    await client.end();
  }
}

/** One pool for all queues; every worker takes one connection of it for itself, to listen for new jobs. */
export function openPostgresConnection(options: ConnectionOptions, role: ConnectionRole, poolSize: number): QueueConnection {
  const report = reportErrors(options.logger, options.onError);
  const pool = new Pool({
    connectionString: options.databaseUrl,
    max: poolSize,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: `dossier-queues-${role}`,
    // BullMQ's statements name their tables without a schema. Not as a startup parameter, which PgBouncer refuses.
    // oxlint-disable-next-line typescript/no-misused-promises -- pg's pool waits for it, which its types don't say
    onConnect: async (client: ClientBase) => void (await client.query(`set search_path = ${schema}`)),
  });
  pool.on('error', report);
  const shared = {
    connection: pool as unknown as BullConnection,
    settings: bullSettings,
    ...(options.telemetry && { telemetry: options.telemetry }),
  };
  return {
    queue: (name) => new Queue(name, shared, backend).on('error', report),
    worker: (name, process, workerOptions) => new Worker(name, process, { ...shared, ...workerOptions }, backend).on('error', report),
    async ready() {
      await pool.query('select 1');
    },
    async opened(parts) {
      // BullMQ remembers a failed first contact with PostgreSQL for ever: better to fail here than to sit idle.
      await withinDeadline(Promise.all(parts.map((part) => part.waitUntilReady())), connectTimeoutMs);
    },
    // LISTEN is what a worker waits with; that it works is proved where sessions are.
    waitForNothing: () => Promise.resolve(),
    caution: () => Promise.resolve(null),
    takeBackTimes: (queue) => takeBackTimes(pool, queue.name, Date.now()),
    async close() {
      await pool.end();
    },
  };
}
