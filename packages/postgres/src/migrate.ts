import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readdir, readFile } from 'node:fs/promises';
import type { Knex } from 'knex';
import { query } from './database.ts';
import type { Database } from './database.ts';

const directory = fileURLToPath(new URL('../migrations', import.meta.url));
const migrationLock = 0x0d055;

/** What stands between the database and this version of the system. */
export type SchemaState = { state: 'current' } | { state: 'older'; pending: string[] } | { state: 'newer'; unknown: string[] };

/** Thrown by `migrate` when the database was migrated by a later version of the system. */
export class NewerSchemaError extends Error {
  readonly unknown: string[];
  constructor(unknown: string[]) {
    super(
      `The database's schema is newer than this program (it has ${unknown.join(', ')}). Nothing was changed. Run the version of the program that made it, or a later one.`,
    );
    this.name = 'NewerSchemaError';
    this.unknown = unknown;
  }
}

/** Names of the migrations in their order: plain SQL, one file each, which only go forward. */
async function listMigrations(): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
}

/** The migrations as knex takes them, each in a transaction of its own. Also for knex's own command line. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: listMigrations,
  getMigrationName: (name) => name,
  getMigration: async (name) => ({
    up: async (knex) => knex.raw(literal(await readFile(join(directory, name), 'utf8'))),
    down: async () => {
      throw new Error('Migrations go forward only: restore a backup to go back.');
    },
  }),
};

/** knex takes a question mark for a parameter. */
function literal(sql: string): string {
  return sql.replaceAll('?', String.raw`\?`);
}

const migrationConfig: Knex.MigratorConfig = { migrationSource, tableName: 'knex_migrations' };

/** Compares the database's migrations with the ones of this version. Reads only. */
export async function schemaState(database: Database): Promise<SchemaState> {
  const known = await listMigrations();
  const table = await query<{ present: boolean }>(database, `select to_regclass('knex_migrations') is not null as present`);
  const applied = table[0]?.present ? await query<{ name: string }>(database, `select name from knex_migrations order by id`) : [];
  const names = new Set(applied.map((row) => row.name));
  const unknown = [...names].filter((name) => !known.includes(name));
  if (unknown.length > 0) return { state: 'newer', unknown };
  const pending = known.filter((name) => !names.has(name));
  return pending.length > 0 ? { state: 'older', pending } : { state: 'current' };
}

/**
 * Brings the database to this version's schema; returns the names of the migrations that it ran. Safe to call from several hosts
 * at once: the others wait, then find nothing to do. Throws NewerSchemaError and changes nothing if the schema is a later one.
 */
export async function migrate(database: Database): Promise<string[]> {
  const connection = (await database.client.acquireConnection()) as {
    query(sql: string, values: unknown[]): Promise<{ rows: { locked: boolean }[] }>;
  };
  try {
    // Asked for again and again rather than waited for: a waiting session would hold a snapshot, against which CREATE INDEX CONCURRENTLY waits.
    while (!(await connection.query('select pg_try_advisory_lock($1) as locked', [migrationLock])).rows[0]?.locked) await delay(250);
    try {
      const state = await schemaState(database);
      if (state.state === 'newer') throw new NewerSchemaError(state.unknown);
      if (state.state === 'current') return await provided(database, []);
      // Holding the advisory lock, a lock left in knex's table can only be a dead process's.
      const [, names] = await database.migrate
        .forceFreeMigrationsLock(migrationConfig)
        .then(() => database.migrate.latest(migrationConfig) as Promise<[number, string[]]>);
      return await provided(database, names);
    } finally {
      await connection.query('select pg_advisory_unlock($1)', [migrationLock]);
    }
  } finally {
    await database.client.releaseConnection(connection);
  }
}

/** What finds similar words is made as soon as the server has pg_trgm and this role may: perhaps long after the migrations. */
async function provided(database: Database, names: string[]): Promise<string[]> {
  await query(database, `select provide_trigrams()`);
  return names;
}
