import type { Readable } from 'node:stream';
import { longestWaitMs } from '@dossier/jobs/longest-wait.ts';
import { failureKind, retryDelayMs, retrySeed } from '@dossier/jobs/retry.ts';
import { jobs, reminderId } from '@dossier/jobs/declarations.ts';
import type { JobName, JobPayload } from '@dossier/jobs/declarations.ts';
import type { JobContext, JobHandlers } from '@dossier/jobs/workers.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { createMaster } from '@dossier/replication/master.ts';
import type { Master } from '@dossier/replication/master.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { ClockWatch } from '@dossier/worker/clock.ts';
import { createCheckPhotosHandler } from '@dossier/worker/jobs/check-photos.ts';
import { createCollectPhotosHandler } from '@dossier/worker/jobs/collect-photos.ts';
import { createDeadLetterHandler } from '@dossier/worker/jobs/dead-letter.ts';
import { createLinkHandler } from '@dossier/worker/jobs/link.ts';
import { createNotifyHandler } from '@dossier/worker/jobs/notify.ts';
import { createPruneHandler } from '@dossier/worker/jobs/prune.ts';
import { createSweepHandler } from '@dossier/worker/jobs/sweep.ts';
import { createSyncHandler } from '@dossier/worker/jobs/sync.ts';
import { createTickHandler } from '@dossier/worker/jobs/tick.ts';
import { createUnlinkHandler } from '@dossier/worker/jobs/unlink.ts';
import { wireWorker } from '@dossier/worker/wire.ts';
import type { SiteProcess } from './process.ts';
import type { Scheduler, Task } from './scheduler.ts';
import { logger, nodeKeys, nodes } from './world.ts';
import type { World } from './world.ts';

/** A reminder that waits in the simulated queue. */
export interface Reminder {
  id: string;
  name: JobName;
  payload: JobPayload;
  attempt: number;
  /** Not before this simulated time, in milliseconds. */
  due: number;
}

/** The slave's queue: it may be flushed, and may deliver twice. */
export class SimulatedQueue {
  waiting: Reminder[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** As the real queue: a reminder that waits already isn't left twice. */
  leave(name: JobName, payload: JobPayload): void {
    const id = reminderId(name, payload);
    if (this.waiting.some((reminder) => reminder.id === id)) return;
    this.waiting.push({ id, name, payload, attempt: 1, due: this.#now() });
  }

  /** Puts a reminder back after its job failed, unless that was final. */
  again(reminder: Reminder, error: unknown): void {
    if (failureKind(error) !== 'retry' || reminder.attempt >= jobs[reminder.name].options.attempts) return;
    if (this.waiting.some((other) => other.id === reminder.id)) return;
    const due = this.#now() + retryDelayMs(retrySeed(reminder.payload), reminder.attempt);
    this.waiting.push({ ...reminder, attempt: reminder.attempt + 1, due });
  }

  /** When the next reminder is due; infinite if none waits. */
  get nextDue(): number {
    return Math.min(...this.waiting.map((reminder) => this.#dueOf(reminder)));
  }

  /** Takes the first reminder that is due out of the queue. */
  takeDue(): Reminder | null {
    const now = this.#now();
    const at = this.waiting.findIndex((reminder) => this.#dueOf(reminder) <= now);
    return at < 0 ? null : (this.waiting.splice(at, 1)[0] ?? null);
  }

  /** As in the real queue nothing waits for longer than the longest wait, whatever a clock showed when it was put off. */
  #dueOf({ due }: Reminder): number {
    const now = this.#now();
    return due > now + longestWaitMs ? now : due;
  }
}

/** A worker's process on the slave: the real handlers and the real engine, at most one job at a time. */
export class SimulatedWorker {
  readonly name: string;
  readonly process: SiteProcess;
  readonly #world: World;
  readonly #handlers: JobHandlers;
  task: Task | null = null;
  reminder: Reminder | null = null;
  #abort = new AbortController();

  constructor(name: string, options: { world: World; process: SiteProcess; queue: SimulatedQueue; configuration: Configuration }) {
    const { world, process } = options;
    this.name = name;
    this.process = process;
    this.#world = world;
    const queues = {
      enqueue: async (job: { name: JobName }, payload: JobPayload): Promise<void> => {
        process.requireAlive();
        options.queue.leave(job.name, payload);
      },
    };
    const photos = lane();
    const wired = wireWorker({
      configuration: options.configuration,
      logger,
      database: process.database,
      photos: countedPhotos(world.slavePhotos, { scheduler: world.scheduler, process, photos }),
      nodeUuid: nodes.slave,
      nodeKey: nodeKeys.slave,
      succession: null,
      queues: queues as never,
    });
    let numbers = 0;
    const deps = {
      ...wired,
      now: () => world.clock.at('slave'),
      clock: new ClockWatch({
        database: process.database,
        logger,
        now: () => world.clock.at('slave'),
        monotonicMs: () => world.clock.passedMs,
      }),
      connectMaster: () =>
        steppedMaster(
          createMaster(world.createClient({ node: 'slave', requireAlive: () => process.requireAlive() }), {
            node: nodes.slave,
            name: 'slave',
            number: async () => (numbers += 1),
          }),
          {
            scheduler: world.scheduler,
            process,
            photos,
          },
        ),
    };
    this.#handlers = {
      link: createLinkHandler(deps),
      unlink: createUnlinkHandler(deps),
      sync: createSyncHandler(deps),
      tick: createTickHandler(deps),
      sweep: createSweepHandler(deps),
      prune: createPruneHandler(deps),
      'check-photos': createCheckPhotosHandler(deps),
      'collect-photos': createCollectPhotosHandler(deps),
      notify: createNotifyHandler(deps),
      'dead-letter': createDeadLetterHandler(deps),
    };
  }

  /** Starts a job; the scheduler's `settle` tells when it waits or has ended. */
  begin(task: Task, reminder: Reminder): void {
    this.task = task;
    this.reminder = reminder;
    this.#abort = new AbortController();
    const context: JobContext = {
      jobId: reminder.id,
      attempt: reminder.attempt,
      lastAttempt: reminder.attempt >= jobs[reminder.name].options.attempts,
      retriedByHand: false,
      signal: this.#abort.signal,
      log: () => undefined,
    };
    const handle = this.#handlers[reminder.name] as (payload: JobPayload, context: JobContext) => Promise<void>;
    this.#world.know(task);
    this.#world.scheduler.start(task, () => handle(reminder.payload, context));
  }

  /** Asks the job to stop at its next safe point, as a worker that shuts down does. */
  interrupt(): void {
    this.#abort.abort(new Error('the worker shuts down'));
  }
}

interface Steps {
  scheduler: Scheduler;
  process: SiteProcess;
  photos: Lane;
}

/** Every question to the master is a point at which others may go first, before it is sent and when its answer has come. */
function steppedMaster(master: Master, { scheduler, process, photos }: Steps): Master {
  const photo: Master['photo'] = async (list, wanted) => {
    await photos.enter();
    let source: Readable | null = null;
    try {
      process.requireAlive();
      source = await scheduler.execute(() => master.photo(list, wanted));
      return source;
    } finally {
      if (source === null) photos.leave();
      else source.once('close', () => photos.leave());
    }
  };
  return new Proxy(master, {
    get: (target, name) => {
      if (name === 'photo') return photo;
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return async (...question: unknown[]): Promise<unknown> => {
        const task = scheduler.tasks.getStore();
        if (task) await scheduler.pass(task, `ask ${String(name)}`);
        process.requireAlive();
        const answer: unknown = await scheduler.execute(() => method.apply(target, question) as Promise<unknown>);
        if (task) await scheduler.pass(task, `answer ${String(name)}`);
        process.requireAlive();
        return answer;
      };
    },
  });
}

/** Lets one pass after the other, in the order in which they came. */
interface Lane {
  enter(): Promise<void>;
  leave(): void;
}

function lane(): Lane {
  const waiting: (() => void)[] = [];
  let busy = false;
  return {
    enter: async () => {
      if (busy) await new Promise<void>((resolve) => waiting.push(resolve));
      busy = true;
    },
    leave: () => {
      const next = waiting.shift();
      if (next) next();
      else busy = false;
    },
  };
}

function countedPhotos(store: PhotoStore, { scheduler, process }: Steps): PhotoStore {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function') return method;
      return (...words: unknown[]): unknown => {
        process.requireAlive();
        return scheduler.execute(() => method.apply(target, words) as Promise<unknown>);
      };
    },
  });
}
