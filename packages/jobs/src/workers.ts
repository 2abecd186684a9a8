import { setTimeout as delay } from 'node:timers/promises';

import { UnrecoverableError, WaitingError } from 'bullmq';
import type { Job, Worker } from 'bullmq';

import type { Logger } from '@dossier/runtime/logger.ts';

import type { ConnectionOptions, QueueConnection } from './connection.ts';
import type { JobName, PayloadOf, QueueName } from './declarations.ts';
import { isJobName, jobs, queueNames } from './declarations.ts';
import { lockDurationMs } from './longest-wait.ts';
import { openConnection } from './open-connection.ts';
import { failureKind } from './retry.ts';

const stalledIntervalMs = 3000;
/** How often one job may lose its worker before it is failed: a job that kills its process must not do so for ever. */
const stalledLimit = 10;
/** How long a worker waits before it asks a server again that was away. */
const askAgainMs = 1000;
const disconnectMs = 1000;

/** What a handler knows about the job besides its payload. */
export interface JobContext {
  readonly jobId: string;
  /** 1 for the first attempt. Being interrupted by a shutdown or a crash doesn't count as one. */
  readonly attempt: number;
  /** True if a failure of this attempt is final. */
  readonly lastAttempt: boolean;
  /** True if the job had failed for good and a person started it again (in Bull Board). */
  readonly retriedByHand: boolean;
  /** Aborted when the worker shuts down or another worker has taken the job over: stop at the next safe point and throw. */
  readonly signal: AbortSignal;
  /** Adds a line that Bull Board shows with the job. */
  log(line: string): void;
}

/**
 * One handler per declared job; `satisfies JobHandlers` makes a missing one a compile error. A handler may run twice and be
 * killed between any two lines. What it throws decides by its `kind` (FailureKind) whether the job is tried again.
 */
export type JobHandlers = {
  readonly [Name in JobName]: (payload: PayloadOf<Name>, context: JobContext) => Promise<void>;
};

export interface WorkersOptions extends ConnectionOptions {
  readonly handlers: JobHandlers;
  /** Jobs at once, per queue. */
  readonly concurrency: { readonly sync: number };
}

export interface Workers {
  /**
   * Takes no more jobs, aborts the signals of running ones and waits for them up to `timeoutMs`. What doesn't finish is handed
   * back: another worker starts it at once, and no attempt is counted.
   */
  close(options: { timeoutMs: number }): Promise<void>;
}

/** More than one in `maintenance`, so that a long prune doesn't hold up the sweep. */
function concurrencies(sync: number): Record<QueueName, number> {
  return { commands: 4, sync, photos: 1, maintenance: 3, webhooks: 4, 'dead-letters': 2 };
}

/**
 * Starts a worker per queue. They survive a restart or a flush of their server.
 * @throws ApplicationError UNAVAILABLE when the datastore refuses us or lacks our tables, or is PostgreSQL and away. Redis may
 * be away at this moment.
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { logger } = options;
  const concurrency = concurrencies(options.concurrency.sync);
  const listeners = queueNames.length;
  const connection = openConnection(options, 'worker', listeners + 5);
  const stopping = new AbortController();
  const running = new Map<string, { job: Job; token: string }>();

  const workers = queueNames.map((name) => {
    const worker = connection.worker(name, (job, token, signal) => run(job, token, signal), {
      concurrency: concurrency[name],
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount: stalledLimit,
      runRetryDelay: askAgainMs,
      // A worker that runs before it has reached its tables would ask for them without ever letting go of the processor.
      autorun: false,
    });
    worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) worker.cancelJob(jobId, 'another worker has taken the job over');
    });
    worker.on('stalled', (jobId) => logger.warn({ queue: name, jobId }, 'A job lost its worker and starts again.'));
    worker.on('failed', (job, error) => logFailure(logger, job, error));
    return worker;
  });

  async function handBack(job: Job, token: string): Promise<never> {
    await job.moveToWait(token);
    throw new WaitingError();
  }

  async function run(job: Job, token = '', signal = new AbortController().signal): Promise<void> {
    // A worker that closes may take one more job: the one whose fetch it was waiting for.
    if (stopping.signal.aborted) return handBack(job, token);
    const key = `${job.queueName} ${job.id}`;
    running.set(key, { job, token });
    try {
      await callHandler(options.handlers, job, { logger, signal: AbortSignal.any([signal, stopping.signal]) });
    } catch (error) {
      if (!stopping.signal.aborted || failureKind(error) !== 'retry') throw error;
      await handBack(job, token);
    } finally {
      running.delete(key);
    }
  }

  try {
    await connection.opened(workers);
  } catch (error) {
    await disconnect(workers, connection);
    throw error;
  }
  for (const worker of workers)
    worker
      .waitUntilReady()
      .then(() => worker.run())
      .catch((error: unknown) => {
        if (stopping.signal.aborted) return;
        logger.error({ err: error, queue: worker.name }, 'A worker can not start; restart this process.');
      });

  return {
    async close({ timeoutMs }) {
      const closed = Promise.all(workers.map((worker) => worker.close()));
      stopping.abort(new Error('the worker shuts down'));
      if (!(await settlesWithin(closed, timeoutMs))) {
        logger.warn({ jobs: running.size }, 'Jobs did not stop in time; they are handed back to the queue.');
        const handedBack = [...running.values()].map(({ job, token }) => job.moveToWait(token));
        await settlesWithin(Promise.allSettled(handedBack), disconnectMs);
      }
      await disconnect(workers, connection);
    },
  };
}

async function disconnect(workers: readonly Worker[], connection: QueueConnection): Promise<void> {
  await settlesWithin(Promise.allSettled(workers.map((worker) => worker.disconnect())), disconnectMs);
  await settlesWithin(connection.close(), disconnectMs);
}

/** True if the work is done within `timeoutMs`, well or not; it goes on otherwise. */
async function settlesWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const timer = new AbortController();
  const settled = work.then(
    () => true,
    () => true,
  );
  const result = await Promise.race([settled, delay(timeoutMs, false, { signal: timer.signal }).catch(() => false)]);
  timer.abort();
  return result;
}

async function callHandler(handlers: JobHandlers, job: Job, { logger, signal }: { logger: Logger; signal: AbortSignal }): Promise<void> {
  if (!isJobName(job.name)) throw new UnrecoverableError(`This version of the software knows no job named “${job.name}”.`);
  const attempts = job.opts.attempts ?? 1;
  const attempt = job.attemptsMade + 1;
  const context: JobContext = {
    jobId: job.id ?? '',
    attempt,
    lastAttempt: attempt >= attempts,
    retriedByHand: attempt > attempts,
    signal,
    log: (line) => {
      job.log(line).catch((error: unknown) => logger.debug({ err: error }, 'A line of a job could not be kept.'));
    },
  };
  try {
    await dispatch(handlers, job.name, { data: job.data, context });
  } catch (error) {
    if (failureKind(error) === 'retry') throw error;
    throw new FinalFailure(error);
  }
}

async function dispatch(handlers: JobHandlers, name: JobName, { data, context }: { data: unknown; context: JobContext }): Promise<void> {
  const payload = jobs[name].schema.safeParse(data);
  if (!payload.success) throw new UnrecoverableError(`The payload of the job is not valid: ${payload.error.message}`);
  // The compiler can't see that the schema and the handler of one name fit each other.
  const handler = handlers[name] as (payload: unknown, context: JobContext) => Promise<void>;
  await handler(payload.data, context);
}

/** Tells BullMQ not to try again, with the sentence of the failure that decided so. */
class FinalFailure extends UnrecoverableError {
  readonly kind: 'operator' | 'stop';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause));
    this.cause = cause;
    this.kind = failureKind(cause) === 'stop' ? 'stop' : 'operator';
  }
}

/** The one place where a failed attempt is logged. */
function logFailure(logger: Logger, job: Job | undefined, error: Error): void {
  const fields = { queue: job?.queueName, job: job?.name, jobId: job?.id, attempt: job?.attemptsMade, err: error };
  const isFinal = job?.finishedOn !== undefined;
  // A dead letter fails on purpose, to be seen; what it stands for has been logged before.
  if (job?.name === jobs['dead-letter'].name) logger.debug(fields, 'A dead letter is shown among the failed jobs.');
  else if (failureKind(error) === 'stop') logger.info(fields, 'A job was superseded.');
  else if (isFinal) logger.error(fields, 'A job failed for good.');
  else logger.warn(fields, 'A job failed and will be tried again.');
}
