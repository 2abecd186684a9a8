import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { ApplicationError } from '@dossier/runtime/errors.ts';

import type { ConnectionOptions, QueueConnection } from './connection.ts';
import { withinDeadline } from './deadline.ts';
import { reportErrors } from './error-report.ts';
import { takeBackTimes } from './redis-times.ts';
import { bullSettings } from './settings.ts';

const oldestVersion = [6, 2] as const;
/** How long an answer is waited for before Redis counts as away. */
const openedMs = 2000;
const reconnectStepMs = 100;
const longestReconnectMs = 2000;

/**
 * One ioredis connection for all queues, from which BullMQ duplicates a blocking one per worker. Commands are never refused
 * because Redis is away (`maxRetriesPerRequest: null`): BullMQ gives a queue up for good when one fails while it is being
 * opened. Deadlines are the caller's.
 */
export function openRedisConnection(options: ConnectionOptions & { redisUrl: string }): QueueConnection {
  const { prefix, logger } = options;
  const report = reportErrors(logger);
  const client = new Redis(options.redisUrl, {
    maxRetriesPerRequest: null,
    keepAlive: 10_000,
    retryStrategy: (times) => Math.min(times * reconnectStepMs, longestReconnectMs),
  });
  let refusal: ApplicationError | null = null;
  let inspection: Promise<void> = Promise.resolve();
  let becomingReady: PromiseWithResolvers<void> | null = null;
  client.on('error', (error) => {
    report(error);
    if (!isRefusal(error)) return;
    // A client that is not let in stays connected and never gets ready.
    refusal = refused(error);
    becomingReady?.reject(refusal);
    becomingReady = null;
  });
  client.on('ready', () => {
    inspection = inspect().catch(report);
    becomingReady?.resolve();
    becomingReady = null;
  });
  async function inspect(): Promise<void> {
    const { version, policy } = await describe(client);
    refusal = isSupported(version) ? null : tooOld(version);
    if (refusal) logger.error({ version }, refusal.message);
    if (policy === null || policy === 'noeviction') return;
    logger.warn({ policy }, 'Redis may evict jobs: set maxmemory-policy to noeviction. The sweep replaces lost reminders.');
  }
  async function ready(): Promise<void> {
    if (client.status !== 'ready') {
      if (refusal) throw refusal;
      becomingReady ??= Promise.withResolvers();
      await becomingReady.promise;
    }
    await inspection;
    if (refusal) throw refusal;
  }
  const shared = { connection: client, prefix, settings: bullSettings, ...(options.telemetry && { telemetry: options.telemetry }) };

  return {
    queue: (name) => new Queue(name, shared).on('error', report),
    worker: (name, process, workerOptions) => new Worker(name, process, { ...shared, ...workerOptions }).on('error', report),
    ready,
    async opened() {
      await withinDeadline(ready(), openedMs).catch((error: unknown) => {
        if (refusal) throw refusal;
        logger.warn({ err: error }, 'Redis is away; queues and workers wait for it.');
      });
    },
    async ping() {
      await client.ping();
    },
    takeBackTimes: (queue) => takeBackTimes(client, queue, Date.now()),
    async close() {
      client.disconnect();
    },
  };
}

async function describe(client: Redis): Promise<{ version: string; policy: string | null }> {
  const information = await client.info('server');
  // Hosted servers often refuse CONFIG; what can't be asked can't be warned about.
  const policy = await client.config('GET', 'maxmemory-policy').then(configValue, () => null);
  return { version: /^redis_version:(\S+)/m.exec(information)?.[1] ?? '0', policy };
}

/** CONFIG GET answers with a map in RESP3 and with a list of name and value in RESP2. */
function configValue(answer: unknown): string | null {
  const value: unknown = Array.isArray(answer) ? answer[1] : Object.values(answer as object)[0];
  return typeof value === 'string' ? value : null;
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1]);
}

/** Redis lets nobody in without the right password, or not to what BullMQ needs. */
function isRefusal(error: Error): boolean {
  return /^(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message);
}

function refused(cause: Error): ApplicationError {
  return new ApplicationError('UNAVAILABLE', `Redis refuses the connection: ${cause.message.slice(0, 80)}`, {
    remedy: 'Put the user name and the password into REDIS_URL: redis://user:password@host:port',
    cause,
  });
}

function tooOld(version: string): ApplicationError {
  return new ApplicationError('UNAVAILABLE', `The Redis server is version ${version}; jobs need 6.2 or newer.`, {
    remedy: 'Upgrade Redis, or leave REDIS_URL unset to keep the queues in PostgreSQL.',
  });
}
