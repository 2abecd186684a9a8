import type { Processor, Queue, Telemetry, Worker, WorkerOptions } from 'bullmq';

import type { Logger } from '@dossier/runtime/logger.ts';

export type { Telemetry } from 'bullmq';

export interface ConnectionOptions {
  /** Redis ≥ 6.2 or Valkey; null for BullMQ's PostgreSQL backend on `databaseUrl`. */
  readonly redisUrl: string | null;
  readonly databaseUrl: string;
  /** Separates the sites on one Redis: must hold the node's uuid. PostgreSQL doesn't need it, each node has its own database. */
  readonly prefix: string;
  readonly logger: Logger;
  /** Told of each error of the datastore that queues and workers meet while nobody asks them. */
  readonly onError?: (error: Error) => void;
  /** Where traces go; null for nowhere. */
  readonly telemetry?: Telemetry | null;
}

/** The queue works, and shouldn't be left as it is. */
export interface QueueCaution {
  readonly sentence: string;
  readonly remedy: string;
}

/**
 * Who uses a connection. A `producer` would rather be told that the queue is away than wait; a `worker` waits for its return.
 */
export type ConnectionRole = 'producer' | 'worker';

export type JobProcessor = Processor<unknown, void>;
export type JobWorkerOptions = Pick<
  WorkerOptions,
  'concurrency' | 'lockDuration' | 'stalledInterval' | 'maxStalledCount' | 'runRetryDelay' | 'autorun'
>;

/** A way to the datastore of the queues. What it makes must be closed before it. */
export interface QueueConnection {
  queue(name: string): Queue;
  /** Without a processor it takes jobs when it is told to. */
  worker(name: string, process: JobProcessor | null, options: JobWorkerOptions): Worker;
  /**
   * To be awaited once after all parts are made. Rejects if they can never work: the datastore refuses them, or it is
   * PostgreSQL and away. Redis may be away: the parts find it when it is back.
   */
  opened(parts: readonly { waitUntilReady(): Promise<unknown> }[]): Promise<void>;
  /** Resolves when the datastore can take commands; rejects or waits otherwise. */
  ready(): Promise<void>;
  /** Waits for a moment as a worker does that has nothing to do. */
  waitForNothing(): Promise<void>;
  /** What makes the datastore lose jobs that it took, or null. */
  caution(): Promise<QueueCaution | null>;
  /** Takes back times that only a clock that was ahead can have noted. Returns the ids of the queue's jobs that wait for such a time. */
  takeBackTimes(queue: Queue): Promise<string[]>;
  close(): Promise<void>;
}
