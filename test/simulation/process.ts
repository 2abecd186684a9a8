import { finished } from 'node:stream';
import type { Writable } from 'node:stream';
import { openDatabase } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { Killed } from './scheduler.ts';
import type { Scheduler, Task } from './scheduler.ts';

type Answer = (error: Error | null, result?: unknown) => void;
/** pg's `query` as knex and pg-copy-streams call it. */
type Send = (statement: { text?: string; submit?: unknown }, answer?: Answer) => unknown;
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
  /** Alters the outcome of a statement: how a planted bug gets into a function that can't be wrapped. */
  alter?: (statement: string, result: unknown) => unknown;
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
      // A COPY answers with a stream at once; what surrounds it are statements as all others.
      if (typeof statement.submit === 'function') return this.#copy(send(statement) as Writable);
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

  #copy(stream: Writable): Writable {
    const ended = new Promise<void>((resolve) => {
      finished(stream, () => resolve());
    });
    void this.#options.scheduler.execute(() => ended);
    return stream;
  }

  async #run(text: string, carryOut: () => Promise<unknown>): Promise<unknown> {
    const { scheduler, alter } = this.#options;
    // What nobody waits for any more, as its question was given up, or never did, is an operation of its own.
    const within = this.#options.within && !aside.test(text) ? scheduler.operation() : null;
    const isAside = this.#options.within && within === null;
    const task = scheduler.tasks.getStore();
    const dies = task && !this.#options.within ? countStatement(task) : null;
    if (task && !isAside) await scheduler.pass(task, 'statement', within);
    this.requireAlive();
    if (dies === 'before') await this.kill();
    this.requireAlive();
    const result = within ? await carryOut() : await scheduler.execute(carryOut);
    if (dies === 'after') await this.kill();
    this.requireAlive();
    return alter ? alter(text, result) : result;
  }
}

/** What the master notes beside its answer, and perhaps after it. */
const aside = /\bfollowers\b/;

function countStatement(task: Task): 'before' | 'after' | null {
  task.statements += 1;
  if (task.deadline?.statement !== task.statements) return null;
  return task.deadline.sent ? 'after' : 'before';
}
