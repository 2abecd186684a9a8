import { randomUUID } from 'node:crypto';

import type { Job, Queue } from 'bullmq';

import type { ConnectionOptions, QueueCaution, QueueConnection } from './connection.ts';
import { withinDeadline } from './deadline.ts';
import type { JobDeclaration, JobPayload, QueueName } from './declarations.ts';
import { queueNames, reminderId } from './declarations.ts';
import { openConnection } from './open-connection.ts';
import { createProver } from './proof.ts';
import type { Schedule } from './schedulers.ts';
import { upsertSchedulers } from './schedulers.ts';

const deadlineMs = 2000;
const producerPoolSize = 4;
const openStates = new Set(['waiting', 'active', 'delayed', 'prioritized', 'waiting-children']);

/** How many jobs of a queue are in which state. */
export type JobCounts = Readonly<Record<'waiting' | 'active' | 'delayed' | 'completed' | 'failed', number>>;

/**
 * The producer's side of the queues. Every call answers within two seconds or throws ApplicationError UNAVAILABLE; a refused
 * reminder is no loss, because the sweep enqueues what the database says is due.
 */
export interface Queues {
  /**
   * Leaves a reminder. False if there is one for the same payload already (see `unique` in the declaration): then nothing
   * was added. The payload must fit the declaration's schema (ZodError otherwise).
   */
  enqueue<Name extends string, Payload extends JobPayload>(
    declaration: JobDeclaration<Name, Payload>,
    payload: Payload,
    options?: { delayMs?: number },
  ): Promise<boolean>;
  /** Starts a delayed reminder (one that waits for its retry, say) now. False if there is none that waits. */
  promote<Name extends string, Payload extends JobPayload>(declaration: JobDeclaration<Name, Payload>, payload: Payload): Promise<boolean>;
  /** Takes a reminder back, finished or not. False if there is none or a worker is at it. */
  remove<Name extends string, Payload extends JobPayload>(declaration: JobDeclaration<Name, Payload>, payload: Payload): Promise<boolean>;
  /** Sees to it that the recurring jobs are scheduled, and as given. May be called at any time, by any number of processes. */
  upsertSchedulers(schedule: Schedule): Promise<void>;
  /** Starts what a clock that was ahead has put off for longer than anything waits, and ends the locks that it made. May be called at any time. */
  takeBackTimes(): Promise<void>;
  counts(): Promise<Record<QueueName, JobCounts>>;
  /**
   * Proves that the queue takes jobs and gives them, by one that goes all the way; throws what keeps it from doing so. Returns what puts jobs at risk
   * nevertheless, or null. Calls at the same time share one proof.
   */
  prove(): Promise<QueueCaution | null>;
  /** When a worker was last seen at a job, or null: a sweep comes every 15 seconds. */
  lastWork(): Promise<Date | null>;
  /** The queues themselves, for Bull Board. Their methods wait without a deadline. */
  list(): readonly Queue[];
  /** Closes the connections; unanswered calls are dropped. */
  close(): Promise<void>;
}

/**
 * Opens all queues for producers.
 * @throws ApplicationError UNAVAILABLE when the datastore refuses us or lacks our tables, or is PostgreSQL and away. Redis may
 * be away at this moment.
 */
export async function openQueues(options: ConnectionOptions): Promise<Queues> {
  const connection = openConnection(options, 'producer', producerPoolSize);
  const all = queueNames.map((name) => [name, connection.queue(name)] as const);
  const byName = Object.fromEntries(all) as Record<QueueName, Queue>;
  const raw = all.map(([, queue]) => queue);

  const reached = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const giveUpAt = performance.now() + deadlineMs;
    const begun = connection.ready().then(() => {
      // The caller has been told that nothing was enqueued: it shall be so where it can.
      if (performance.now() >= giveUpAt) throw new Error('the queue came back too late');
      return work();
    });
    return withinDeadline(begun, deadlineMs);
  };
  const prover = createProver(connection);
  let proof: Promise<QueueCaution | null> | null = null;
  const prove = (): Promise<QueueCaution | null> => {
    proof ??= reached(async () => {
      await prover.prove();
      return connection.caution();
    }).finally(() => {
      proof = null;
    });
    return proof;
  };
  const close = async (): Promise<void> => {
    await withinDeadline(Promise.all([prover.close(), ...raw.map((queue) => queue.close())]), deadlineMs).catch(() => undefined);
    await connection.close();
  };

  try {
    await connection.opened(raw);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    enqueue: (declaration, payload, { delayMs = 0 } = {}) =>
      reached(() => addReminder(byName[declaration.queue], declaration, { payload, delayMs })),
    promote: (declaration, payload) =>
      reached(async () => {
        const job = await findReminder(byName[declaration.queue], declaration, payload);
        if (!job || !(await job.isDelayed())) return false;
        await job.promote();
        return true;
      }),
    remove: (declaration, payload) =>
      reached(async () => {
        const job = await findReminder(byName[declaration.queue], declaration, payload);
        if (!job?.id || (await job.isActive())) return false;
        return (await byName[declaration.queue].remove(job.id)) === 1;
      }),
    upsertSchedulers: (schedule) => reached(() => upsertSchedulers((name) => byName[name], schedule)),
    takeBackTimes: () => reached(async () => void (await Promise.all(raw.map((queue) => startWhatWasPutOff(connection, queue))))),
    counts: () => reached(() => countAll(all)),
    prove,
    lastWork: () => reached(() => lastWorkOf(byName.maintenance)),
    list: () => raw,
    close,
  };
}

async function addReminder<Name extends string, Payload extends JobPayload>(
  queue: Queue,
  declaration: JobDeclaration<Name, Payload>,
  { payload, delayMs }: { payload: Payload; delayMs: number },
): Promise<boolean> {
  const data = declaration.schema.parse(payload);
  const { options } = declaration;
  const identity = reminderId(declaration.name, data);
  const common = {
    delay: delayMs,
    attempts: options.attempts,
    backoff: { type: 'declared' },
    removeOnComplete: options.keepCompleted === 0 ? true : { count: options.keepCompleted },
    removeOnFail: options.keepFailed === Number.MAX_SAFE_INTEGER ? false : { count: options.keepFailed },
  };
  if (options.unique === 'while-kept') {
    if (await queue.getJob(identity)) return false;
    await queue.add(declaration.name, data, { ...common, jobId: identity });
    return true;
  }

  // A fixed id would be ignored as long as the finished job is kept; a deduplication id is free again when the job ends.
  const jobId = `${identity}-${randomUUID()}`;
  const add = (): Promise<Job> => queue.add(declaration.name, data, { ...common, jobId, deduplication: { id: identity } });
  const job = await add();
  if (job.id === jobId) return true;
  const state = job.id === undefined ? 'unknown' : await queue.getJobState(job.id);
  if (openStates.has(state)) return false;
  // The reminder ended a moment ago, or was lost without its deduplication id: neither may swallow this one.
  await queue.removeDeduplicationKey(identity);
  return (await add()).id === jobId;
}

async function findReminder<Name extends string, Payload extends JobPayload>(
  queue: Queue,
  declaration: JobDeclaration<Name, Payload>,
  payload: Payload,
): Promise<Job | undefined> {
  const identity = reminderId(declaration.name, declaration.schema.parse(payload));
  const jobId = declaration.options.unique === 'while-kept' ? identity : await queue.getDeduplicationJobId(identity);
  return jobId === null ? undefined : queue.getJob(jobId);
}

async function startWhatWasPutOff(connection: QueueConnection, queue: Queue): Promise<void> {
  for (const id of await connection.takeBackTimes(queue)) {
    const job = await queue.getJob(id);
    if (await job?.isDelayed()) await job?.promote();
  }
}

async function lastWorkOf(queue: Queue): Promise<Date | null> {
  const newest = await Promise.all(
    ['active' as const, 'completed' as const, 'failed' as const].map((state) => queue.getJobs([state], 0, 0, false)),
  );
  const times = newest.flat().map(({ finishedOn, processedOn }) => finishedOn ?? processedOn ?? 0);
  return times.length === 0 ? null : new Date(Math.max(...times));
}

async function countAll(all: readonly (readonly [QueueName, Queue])[]): Promise<Record<QueueName, JobCounts>> {
  const counts = await Promise.all(
    all.map(async ([name, queue]) => [name, await queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed')]),
  );
  return Object.fromEntries(counts) as Record<QueueName, JobCounts>;
}
