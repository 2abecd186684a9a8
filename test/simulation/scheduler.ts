import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Random } from './random.ts';

/** Ends what runs in a process that was killed; nobody hears of it. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Something that goes on beside other things: a job in a worker, a transaction of an editor, a call of the API. */
export class Task {
  readonly name: string;
  readonly #key: string;
  readonly #counts = new Map<string, number>();
  /** How often it lets others go first where it may. */
  readonly yieldRate: number;
  /** Probability of a fault per exchange with the master; null: its network is perfect, also when the others' is down. */
  readonly faultRate: number | null;
  state: 'running' | 'done' | 'failed' = 'running';
  error: unknown = null;
  statements = 0;
  /** Dies at this statement (1 = its first): before it is sent, or after it was carried out and before anybody hears of it. */
  deadline: { statement: number; sent: boolean } | null = null;
  /** Nobody waits for it any more: what the master does for it goes on to its end without a pause. */
  abandoned = false;

  constructor(name: string, options: { key: string; yieldRate: number; faultRate: number | null }) {
    this.name = name;
    this.#key = `${options.key} ${name}`;
    this.yieldRate = options.yieldRate;
    this.faultRate = options.faultRate;
  }

  /** Decides about the n-th thing of its kind that this task does, whatever others do meanwhile. */
  random(kind: string): Random {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return new Random(`${this.#key} ${kind} ${count}`);
  }
}

/** A place where a task waits until it is its turn. */
export interface Point {
  task: Task;
  label: string;
  /** Where it stands among points that were reached in the same step, in whatever order. */
  place: string;
  /** In the middle of an operation: the task waits in another process than its own, the master's. */
  elsewhere: boolean;
  resume(): void;
  fail(error: Error): void;
}

/** Something that takes time outside of this process; it goes on unless something within it waits for its turn. */
export interface Operation {
  readonly id: number;
  waiting: number;
}

/** Calm turns of the event loop after which nothing more comes by itself: between two operations there are only promises. */
const calmTurns = 4;
/** A lock is a lock when it was waited for so long (ms): longer than PostgreSQL's deadlock_timeout in the simulation. */
export const lockWaitMs = 8;

/**
 * Lets one task go at a time, from one point to the next. Whatever takes time outside of this process is announced as an operation, so that
 * the scheduler knows when all tasks wait for their turn, or for a lock that another one holds.
 */
export class Scheduler {
  readonly tasks = new AsyncLocalStorage<Task>();
  readonly points: Point[] = [];
  readonly #countBlocked: () => Promise<number>;
  readonly #operations = new Map<number, Operation>();
  readonly #current = new AsyncLocalStorage<Operation>();
  #begun = 0;
  /** How often all have settled. */
  #steps = 0;
  #moves = 0;
  #wake: (() => void) | null = null;
  /** Operations that waited for a lock when all had settled last. */
  #stuck = 0;

  /** `countBlocked`: how many operations wait in PostgreSQL for a lock that somebody else holds. */
  constructor(countBlocked: () => Promise<number>) {
    this.#countBlocked = countBlocked;
  }

  /** What goes on and who waits, for a seed that stands still. */
  describe(): string {
    return `${this.#executing()} operations go on, at points wait ${this.points.map((point) => `${point.task.name} (${point.label})`).join(', ')}`;
  }

  /** Starts a task; `settle` tells when it waits. */
  start(task: Task, work: () => Promise<void>): void {
    this.#moves += 1;
    void this.tasks.run(task, work).then(
      () => {
        task.state = 'done';
        this.#moved();
      },
      (error: unknown) => {
        task.state = 'failed';
        task.error = error;
        this.#moved();
      },
    );
  }

  /** Carries out an operation that takes time outside of this process. */
  async execute<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#begun += 1;
    const operation: Operation = { id: this.#begun, waiting: 0 };
    this.#operations.set(operation.id, operation);
    this.#moved();
    try {
      return await this.#current.run(operation, work);
    } finally {
      this.#operations.delete(operation.id);
      this.#moved();
    }
  }

  /** The operation that the caller is part of, if it still goes on. */
  operation(): Operation | null {
    const operation = this.#current.getStore();
    return operation && this.#operations.has(operation.id) ? operation : null;
  }

  /** Carries out what belongs to an operation that was begun elsewhere. */
  within<Result>(id: number, work: () => Result): Result {
    const operation = this.#operations.get(id) ?? { id, waiting: 0 };
    return this.#current.run(operation, work);
  }

  /**
   * Carries out what nobody in particular waits for: no point in it, each statement in it an operation of its own. What it does beside the database is
   * waited for as well.
   */
  outside<Result>(work: () => Result): Result {
    return this.tasks.exit(() => this.#current.exit(work));
  }

  /**
   * Waits for its turn if chance says so. `within`: in the middle of an operation. `what` it is about to do: a task does several things at once, and which
   * of them comes first is the computer's chance, not the seed's.
   */
  async pass(task: Task, label: string, { within = null, what = '' }: { within?: Operation | null; what?: string } = {}): Promise<void> {
    if (task.yieldRate === 0 || task.abandoned || !task.random(`pass ${label} ${what}`).chance(task.yieldRate)) return;
    await this.wait(task, label, { within, what });
  }

  /** Waits for its turn. */
  async wait(task: Task, label: string, { within = null, what = '' }: { within?: Operation | null; what?: string } = {}): Promise<void> {
    if (within) within.waiting += 1;
    this.#moved();
    try {
      await new Promise<void>((resolve, reject) => {
        const leave = (): void => {
          this.points.splice(this.points.indexOf(point), 1);
          if (within) within.waiting -= 1;
          this.#moved();
        };
        const point: Point = {
          task,
          label,
          place: `${String(this.#steps).padStart(9, '0')} ${task.name} ${label} ${what}`,
          elsewhere: within !== null,
          resume: () => {
            leave();
            resolve();
          },
          fail: (error) => {
            leave();
            reject(error);
          },
        };
        const before = this.points.findIndex((other) => other.place > point.place);
        this.points.splice(before < 0 ? this.points.length : before, 0, point);
      });
    } finally {
      this.#moved();
    }
  }

  /**
   * Ends a task whose process is gone where it waits. The master only hears that its client has vanished: it carries out what it has begun, and
   * its transactions end.
   */
  abandon(task: Task, reason: string): void {
    task.abandoned = true;
    for (const point of this.points.filter((one) => one.task === task)) {
      if (point.elsewhere) point.resume();
      else point.fail(new Killed(reason));
    }
  }

  /** Resolves when every task has ended, waits at a point, or waits for a lock. */
  async settle(): Promise<void> {
    this.#steps += 1;
    let calm = 0;
    let blocked = 0;
    while (calm < calmTurns) {
      const moves = this.#moves;
      await turn();
      if (moves !== this.#moves || readsFiles()) {
        calm = 0;
        blocked = 0;
        continue;
      }
      if (this.#executing() === blocked) {
        calm += 1;
        continue;
      }
      calm = 0;
      // What waited for a lock before waits on, as a rule.
      const patience = this.#executing() === this.#stuck ? 0 : lockWaitMs;
      this.#stuck = 0;
      if (patience > 0 && (await this.#movesWithin(patience))) continue;
      blocked = await this.#countBlocked();
    }
    this.#stuck = blocked;
  }

  async #movesWithin(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (moved: boolean): void => {
        clearTimeout(timeout);
        this.#wake = null;
        resolve(moved);
      };
      const timeout = setTimeout(() => end(false), milliseconds);
      this.#wake = () => end(true);
    });
  }

  /** Operations that go on: those in which nobody waits for a turn. */
  #executing(): number {
    let count = 0;
    for (const { waiting } of this.#operations.values()) if (waiting === 0) count += 1;
    return count;
  }

  #moved(): void {
    this.#moves += 1;
    this.#wake?.();
  }
}

/** Whether this process waits for a file: the pages of a feed are some, also those that are made in advance. */
function readsFiles(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
}
