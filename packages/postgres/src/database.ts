import { Socket } from 'node:net';
import createKnex from 'knex';
import type { Knex } from 'knex';
import { types as defaultTypes } from 'pg';
import type { Client } from 'pg';
import { cancellable, currentBound } from './bound.ts';
import { createMessageSocket } from './message-socket.ts';

/** A pool of connections, or one connection inside a transaction. */
export type Database = Knex;
/** What a statement needs: the pool, or the transaction it shall be part of. */
export type Connection = Knex | Knex.Transaction;

const int8 = 20;

/** bigint columns hold ids, counters and revisions, which stay below 2^53; the halves of hashes are never selected as numbers. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
}

const types = {
  getTypeParser: (oid: number, format?: string) =>
    oid === int8 ? parseInt8 : (defaultTypes.getTypeParser as (id: number, form: string) => unknown)(oid, format ?? 'text'),
};

/** knex would print what it throws as well, on standard output. */
const quiet = { warn: () => undefined, error: () => undefined, deprecate: () => undefined, debug: () => undefined };

/** Called by pg for each connection, with what it was told of TLS. */
function makeStream({ ssl = false }: { ssl?: unknown } = {}): Socket {
  return ssl ? new Socket() : createMessageSocket();
}

/**
 * What each connection begins with. Not as startup parameters: PgBouncer refuses most of them. A `statement_timeout` of the role is meant for people: an
 * apply takes what it takes. A page of long rows is sorted in memory: on a full disk there is no place for it elsewhere, and reading goes on.
 */
export const sessionSettings = `set statement_timeout = 0; set timezone = 'UTC'; set lock_timeout = '60s'; set idle_in_transaction_session_timeout = '15min';
  select set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), ${32 * 1024 * 1024}) / 1024 || 'kB', false)`;

/** Opens a pool on a PostgreSQL URL. No connection is made before the first statement. */
export function openDatabase(url: string, options: { applicationName: string; poolSize: number }): Database {
  return createKnex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name: options.applicationName,
      types,
      keepAlive: true,
      stream: makeStream,
      connectionTimeoutMillis: 10_000,
    },
    pool: {
      min: 0,
      max: options.poolSize,
      afterCreate: (connection: Client, done: (error: Error | null, connection: Client) => void) => {
        connection.query(sessionSettings, (error) => done(error, connection));
      },
    },
    acquireConnectionTimeout: 15_000,
    log: quiet,
  });
}

/** Runs one statement with named parameters (`:name`) and returns its rows as the given type. */
export async function query<Row>(connection: Connection, sql: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
  const statement = connection.raw<{ rows: Row[] }>(sql, parameters as Record<string, Knex.Value>);
  const bound = currentBound();
  return bound ? runBounded(connection, bound, statement) : (await statement).rows;
}

async function runBounded<Row>(connection: Connection, bound: AbortSignal, statement: Knex.Raw<{ rows: Row[] }>): Promise<Row[]> {
  // In a transaction this is its connection.
  const client = (await connection.client.acquireConnection()) as Client;
  try {
    return (await cancellable(client, bound, async () => statement.connection(client))).rows;
  } finally {
    await connection.client.releaseConnection(client);
  }
}

/** The first row of a statement that gives at most one, or null. */
export async function queryOne<Row>(connection: Connection, sql: string, parameters: Record<string, unknown> = {}): Promise<Row | null> {
  const rows = await query<Row>(connection, sql, parameters);
  return rows[0] ?? null;
}

/**
 * As `queryOne`, for a small statement that is run very often: each connection plans it but a few times. `name` is the statement's own; its plan
 * mustn't depend on what the parameters are.
 */
export async function preparedOne<Row>(
  connection: Connection,
  name: string,
  { sql, parameters }: { sql: string; parameters: Record<string, unknown> },
): Promise<Row | null> {
  const result = await connection.raw<{ rows: Row[] }>(sql, parameters as Record<string, Knex.Value>).options({ name });
  return result.rows[0] ?? null;
}

/**
 * Runs statements one after another in one exchange with the server, all of them or none, and returns the rows of each. Parameters are whole numbers
 * and plain words (UUIDs, digests, names of states), which are written into the text.
 */
export async function exchange(
  connection: Connection,
  statements: readonly string[],
  parameters: Readonly<Record<string, number | string>> = {},
): Promise<unknown[][]> {
  const text = statements.join(';\n').replaceAll(/(?<!:):([a-zA-Z]+)\b/g, (_whole, name: string) => literal(name, parameters[name]));
  const results = await connection.raw<{ rows: unknown[] }[] | { rows: unknown[] }>(text);
  return [results].flat().map((result) => result.rows);
}

function literal(name: string, value: number | string | undefined): string {
  if (typeof value === 'string' && /^[0-9a-z-]+$/i.test(value)) return `'${value}'`;
  if (typeof value === 'string' || !Number.isSafeInteger(value)) throw new RangeError(`${name} is no whole number and no plain word`);
  return `${value}::bigint`;
}

/** SQLSTATE of a transaction that met another one and has to start again. */
export const serializationFailure = '40001';

/** SQLSTATEs after which the same transaction may succeed when run again: serialization failure and deadlock. */
const repeatable = new Set([serializationFailure, '40P01']);
const maximumTries = 5;

/** The SQLSTATE of a PostgreSQL error, or null for anything else. */
export function sqlState(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : null;
}

/**
 * Runs `work` in one READ COMMITTED transaction: committed when it returns, rolled back when it throws. `work` may run several
 * times (deadlocks, serialization failures), so it must have no effect outside the database. Inside a transaction it joins it.
 */
export async function transaction<Result>(
  connection: Connection,
  work: (transaction: Knex.Transaction) => Promise<Result>,
): Promise<Result> {
  if (connection.isTransaction) return work(connection as Knex.Transaction);
  for (let tries = 1; ; tries += 1) {
    try {
      return await connection.transaction(work, { isolationLevel: 'read committed' });
    } catch (error) {
      const state = sqlState(error);
      if (state === null || !repeatable.has(state) || tries === maximumTries) throw error;
    }
  }
}
