import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { ApplicationError } from '@dossier/runtime/errors.ts';

import type { ConnectionOptions, QueueCaution, QueueConnection } from './connection.ts';
import { withinDeadline } from './deadline.ts';
import { reportErrors } from './error-report.ts';
import { takeBackTimes } from './redis-times.ts';
import { isRefusal, needsNewConnection, redisTrouble } from './redis-troubles.ts';
import { bullSettings } from './settings.ts';

const oldestVersion = [6, 2] as const;
/** How long an answer is waited for before Redis counts as away. */
const openedMs = 2000;
const reconnectStepMs = 100;
const longestReconnectMs = 2000;
/** Longer than any command that blocks: a server that says nothing for so long is gone, whatever the network says. */
const silenceMs = 15_000;
/** Redis before 7.0.8 may not block for less. */
const shortestBlockSeconds = 0.01;

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
    reconnectOnError: needsNewConnection,
    socketTimeout: silenceMs,
  });
  let refusal: ApplicationError | null = null;
  let inspection: Promise<void> = Promise.resolve();
  let becomingReady: PromiseWithResolvers<void> | null = null;
  client.on('error', (error) => {
    report(error);
    if (!isRefusal(error)) return;
    // A client that is not let in stays connected and never gets ready.
    refusal = redisTrouble(error);
    becomingReady?.reject(refusal ?? error);
    becomingReady = null;
  });
  client.on('ready', () => {
    inspection = inspect();
    becomingReady?.resolve();
    becomingReady = null;
  });
  async function inspect(): Promise<void> {
    try {
      const { version, policy } = await describe(client);
      refusal = isSupported(version) ? null : tooOld(version);
      if (refusal) logger.error({ version }, refusal.message);
      const caution = cautionAbout(policy);
      if (caution) logger.warn({ policy }, `${caution.sentence} ${caution.remedy}`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      report(error);
      if (isRefusal(error)) refusal = redisTrouble(error);
    }
  }
  async function ready(): Promise<void> {
    if (client.status !== 'ready') {
      if (refusal) throw refusal;
      becomingReady ??= Promise.withResolvers();
      await becomingReady.promise;
    }
    // What was refused may be allowed by now.
    if (refusal) inspection = inspect();
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
    async waitForNothing() {
      await client.bzpopmin(`${prefix}:nothing`, shortestBlockSeconds);
    },
    caution: async () => cautionAbout((await describe(client)).policy),
    takeBackTimes: (queue) => takeBackTimes(client, queue, Date.now()),
    async close() {
      client.disconnect();
    },
  };
}

/** Hosted servers often refuse CONFIG; INFO says all that has to be known. */
async function describe(client: Redis): Promise<{ version: string; policy: string | null }> {
  const information = await client.info();
  const field = (name: string): string | null => new RegExp(`^${name}:(\\S+)`, 'm').exec(information)?.[1] ?? null;
  return { version: field('redis_version') ?? '0', policy: field('maxmemory_policy') };
}

function cautionAbout(policy: string | null): QueueCaution | null {
  if (policy === null || policy === 'noeviction') return null;
  return {
    sentence: `Redis may throw jobs away when its memory is full (maxmemory-policy ${policy}).`,
    remedy: 'Set maxmemory-policy to noeviction. Until then the sweep replaces reminders that were lost.',
  };
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestVersion[0] || (major === oldestVersion[0] && minor >= oldestVersion[1]);
}

function tooOld(version: string): ApplicationError {
  return new ApplicationError('UNAVAILABLE', `The Redis server is version ${version}; jobs need 6.2 or newer.`, {
    remedy: 'Upgrade Redis, or leave REDIS_URL unset to keep the queues in PostgreSQL.',
  });
}
