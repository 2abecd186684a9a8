import { finished } from 'node:stream';
import type { Writable } from 'node:stream';
import { CopyOut } from '@dossier/postgres/copy-out.ts';
import { openDatabase, sessionSettings } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { Killed } from './scheduler.ts';
import type { Scheduler, Task } from './scheduler.ts';

type Answer = (error: Error | null, result?: unknown) => void;
type Statement = { text?: string; submit?: unknown } | string;
/** pg's `query` as knex and who copies call it; with values it returns a promise. */
type Send = (statement: Statement, answer?: Answer | unknown[]) => unknown;
interface RawConnection {
  query: Send;
  processID: number;
  connection: { stream: { destroy(): void } };
}

export interface ProcessOptions {
  url: string;
  name: string;
  connections: number;
  scheduler: Scheduler;
  /** Its statements are part of larger operations, which the scheduler knows already. */
  within: boolean;
  /** Ends PostgreSQL's side of connections, which otherwise would notice their end a little later. */
  end(backends: readonly number[]): Promise<void>;
}

/**
 * A process of a node as its database sees it: some connections of its own. Each statement is a point at which other tasks may go first,
 * and at which the process may be killed, before the statement is sent or after it was carried out.
 */
export class SiteProcess {
  readonly name: string;
  readonly database: Database;
  readonly #options: ProcessOptions;
  readonly #connections = new Set<RawConnection>();
  alive = true;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.#options = options;
    this.database = openDatabase(options.url, { applicationName: options.name, poolSize: options.connections });
    const client = this.database.client as { acquireRawConnection(): Promise<RawConnection> };
    const acquire = client.acquireRawConnection.bind(client);
    client.acquireRawConnection = async () => {
      this.requireAlive();
      const connection = await options.scheduler.execute(acquire);
      this.#wrap(connection);
      if (!this.alive) connection.connection.stream.destroy();
      this.requireAlive();
      return connection;
    };
  }

  /** PostgreSQL's processes that serve it. */
  get backends(): number[] {
    return Array.from(this.#connections, (connection) => connection.processID);
  }

  /** Throws in a process that was killed: nothing that it does takes place any more. */
  requireAlive(): void {
    if (!this.alive) throw new Killed(`${this.name} was killed`);
  }

  /** Ends the process at once: its connections are gone, what they had not committed is rolled back. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    this.alive = false;
    const { scheduler } = this.#options;
    const { backends } = this;
    for (const connection of this.#connections) connection.connection.stream.destroy();
    await scheduler.execute(() => this.#options.end(backends));
    // The pool waits for connections that are in use, whose users have yet to hear of their end.
    void this.database.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    this.alive = false;
    await this.database.destroy();
  }

  #wrap(connection: RawConnection): void {
    this.#connections.add(connection);
    const send: Send = connection.query.bind(connection);
    connection.query = (statement, answer = () => undefined) => {
      this.requireAlive();
      if (statement === sessionSettings) return this.#settle(() => send(statement) as Promise<unknown>, answer as Answer);
      if (typeof statement === 'string') return this.#run(statement, () => send(statement, answer) as Promise<unknown>);
      // A COPY answers at once; what surrounds it are statements as all others.
      if (typeof statement.submit === 'function') return this.#copy(send(statement) as Writable | CopyOut);
      if (typeof answer !== 'function') throw new TypeError('a statement comes with its values');
      const carryOut = async (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          send(statement, (error, result) => {
            if (error) reject(error);
            else resolve(result);
          });
        });
      this.#run(statement.text ?? '', carryOut).then(
        (result) => answer(null, result),
        (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
      );
      return undefined;
    };
  }

  /** What a connection begins with is a part of making it, and no point of its own. */
  #settle(set: () => Promise<unknown>, answer: Answer): void {
    this.#options.scheduler.execute(set).then(
      (result) => answer(null, result),
      (error: unknown) => answer(error instanceof Error ? error : new Error(String(error))),
    );
  }

  #copy<Copy extends Writable | CopyOut>(copy: Copy): Copy {
    const ended = copy instanceof CopyOut ? copy.done.catch(() => undefined) : endOf(copy);
    void this.#options.scheduler.execute(() => ended);
    return copy;
  }

  async #run(text: string, carryOut: () => Promise<unknown>): Promise<unknown> {
    const { scheduler } = this.#options;
    // What nobody waits for any more, as its question was given up, or never did, is an operation of its own.
    const within = this.#options.within && !aside.test(text) ? scheduler.operation() : null;
    const isAside = this.#options.within && within === null;
    const task = scheduler.tasks.getStore();
    const dies = task && !this.#options.within ? countStatement(task) : null;
    if (task && !isAside) await scheduler.pass(task, 'statement', { within, what: patternOf(text) });
    this.requireAlive();
    if (dies === 'before') await this.kill();
    this.requireAlive();
    const result = within ? await carryOut() : await scheduler.execute(carryOut);
    if (dies === 'after') await this.kill();
    this.requireAlive();
    return result;
  }
}

/** A statement without its values, of which some are others in each run of a seed. */
function patternOf(text: string): string {
  return text.replaceAll(/'[^']*'|\d+/g, '?');
}

function endOf(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, () => resolve());
  });
}

/** What the master notes beside its answer, and perhaps after it. */
const aside = /\b(?:followers|told_heads)\b/;

function countStatement(task: Task): 'before' | 'after' | null {
  task.statements += 1;
  if (task.deadline?.statement !== task.statements) return null;
  return task.deadline.sent ? 'after' : 'before';
}
