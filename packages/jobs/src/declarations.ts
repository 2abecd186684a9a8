import { z } from 'zod';

/** The queues, in the order in which people see them. */
export const queueNames = ['commands', 'sync', 'photos', 'maintenance', 'webhooks', 'dead-letters'] as const;
export type QueueName = (typeof queueNames)[number];

/** Payloads carry ids and flags; what they stand for is in PostgreSQL. */
export type JobPayload = Readonly<Record<string, number | boolean | undefined>>;

export interface JobOptions {
  /** How often a handler is started before its failure is final, the first time included. */
  readonly attempts: number;
  /**
   * What happens to a reminder while there is one of the same payload: `while-unfinished` refuses it until the first has
   * completed or finally failed; `while-kept` refuses it as long as the first can be seen in the queue, finished or not.
   */
  readonly unique: 'while-unfinished' | 'while-kept';
  /** How many finished jobs stay visible; the history that counts is in PostgreSQL. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
}

/** What a job is: where it waits, what it carries, how it is tried. The handler of the same name is the worker's. */
export interface JobDeclaration<Name extends string, Payload extends JobPayload> {
  readonly queue: QueueName;
  readonly name: Name;
  readonly schema: z.ZodType<Payload>;
  readonly options: JobOptions;
}

const reminder: JobOptions = { attempts: 6, unique: 'while-unfinished', keepCompleted: 200, keepFailed: 500 };
/** The last of these comes half an hour after the first. */
const message: JobOptions = { attempts: 12, unique: 'while-unfinished', keepCompleted: 200, keepFailed: 500 };
const recurring: JobOptions = { attempts: 1, unique: 'while-unfinished', keepCompleted: 20, keepFailed: 100 };
/** Waits as a failed job, visible in Bull Board, until a person retries or removes it. */
const deadLetter: JobOptions = {
  attempts: 1,
  unique: 'while-kept',
  keepCompleted: 0,
  keepFailed: Number.MAX_SAFE_INTEGER,
};

const id = z.int().positive();
const nothing = z.strictObject({});

function declareJob<Name extends string, Payload extends JobPayload>(
  declaration: JobDeclaration<Name, Payload>,
): JobDeclaration<Name, Payload> {
  return declaration;
}

/** Every job of the system, by name. */
export const jobs = {
  /** Greets the master and starts the first sync run of a new link. */
  link: declareJob({
    queue: 'commands',
    name: 'link',
    schema: z.strictObject({ slaveDossierList: id, fence: z.int().nonnegative().optional() }),
    options: reminder,
  }),
  /** Ends a link; `purge` deletes the replica's dossiers with it. */
  unlink: declareJob({
    queue: 'commands',
    name: 'unlink',
    schema: z.strictObject({ slaveDossierList: id, purge: z.boolean() }),
    options: reminder,
  }),
  /** Brings one sync run further. */
  sync: declareJob({ queue: 'sync', name: 'sync', schema: z.strictObject({ runId: id }), options: reminder }),
  /** The nightly hand of the clock: starts a run for each link that is due. */
  tick: declareJob({ queue: 'sync', name: 'tick', schema: nothing, options: recurring }),
  /** Re-enqueues whatever the database says is due, so that a lost reminder costs seconds. */
  sweep: declareJob({ queue: 'maintenance', name: 'sweep', schema: nothing, options: recurring }),
  /** Deletes tombstones, old runs and staging leftovers past their time. */
  prune: declareJob({ queue: 'maintenance', name: 'prune', schema: nothing, options: recurring }),
  /** Deletes photos that no dossier refers to. */
  'collect-photos': declareJob({ queue: 'photos', name: 'collect-photos', schema: nothing, options: recurring }),
  /** Reads and hashes a seventh of the photos. */
  'check-photos': declareJob({ queue: 'photos', name: 'check-photos', schema: nothing, options: recurring }),
  /** Tells a webhook of what happened. */
  notify: declareJob({ queue: 'webhooks', name: 'notify', schema: z.strictObject({ deliveryId: id }), options: message }),
  /** Shows a dead letter among the failed jobs; run again by hand, it retries what had failed. */
  'dead-letter': declareJob({
    queue: 'dead-letters',
    name: 'dead-letter',
    schema: z.strictObject({ deadLetterId: id }),
    options: deadLetter,
  }),
} as const;

export type JobName = keyof typeof jobs;
export type PayloadOf<Name extends JobName> = z.infer<(typeof jobs)[Name]['schema']>;

/** True for the name of a declared job. */
export function isJobName(name: string): name is JobName {
  return Object.hasOwn(jobs, name);
}

/**
 * The identity of a reminder: equal for equal payloads, e.g. `sync-17`. A job id of BullMQ may not hold a colon.
 * The payload must be parsed, which puts its keys into the schema's order.
 */
export function reminderId(name: string, payload: JobPayload): string {
  return [name, ...Object.values(payload).filter((value) => value !== undefined)].join('-');
}
