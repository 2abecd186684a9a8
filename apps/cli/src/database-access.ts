import type { Configuration } from '@dossier/runtime/configuration.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { openDatabase, queryOne } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { startEmbeddedDatabase } from '@dossier/postgres/embedded.ts';
import { migrate, NewerSchemaError, schemaState } from '@dossier/postgres/migrate.ts';
import { hasSessions, noSessions } from '@dossier/postgres/sessions.ts';
import { checkServer, databaseFault } from './database-fault.ts';

/** This node's database, ready to be used. */
export interface DatabaseAccess {
  readonly database: Database;
  /** With the password in it: never log it. */
  readonly url: string;
  readonly embedded: boolean;
  /** Migrations that were run to open it. */
  readonly migrated: readonly string[];
  /** Also ends the embedded database, if nobody else uses it. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** Shown by PostgreSQL beside the connection. */
  readonly applicationName: string;
  /** `embedded`: migrate the embedded database and refuse another one that is older. `any`: migrate. `none`: refuse an older one. */
  readonly migrations: 'embedded' | 'any' | 'none';
  readonly poolSize: number;
}

/** Opens the database that the configuration names, starting the embedded one if it must. Throws ExitError with a remedy. */
export async function accessDatabase(configuration: Configuration, logger: Logger, options: DatabaseOptions): Promise<DatabaseAccess> {
  const embedded = configuration.databaseUrl === null ? await startEmbeddedDatabase({ dataDir: configuration.dataDir, logger }) : null;
  const url = embedded?.url ?? configuration.databaseUrl ?? '';
  const database = openDatabase(url, { applicationName: options.applicationName, poolSize: options.poolSize });
  const close = async (): Promise<void> => {
    await database.destroy();
    await embedded?.stop();
  };
  try {
    await greet(database, url);
    const mayMigrate = options.migrations === 'any' || (options.migrations === 'embedded' && embedded !== null);
    const migrated = await bringToSchema(database, { url, mayMigrate, queues: configuration.redisUrl === null });
    return { database, url, embedded: embedded !== null, migrated, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function greet(database: Database, url: string): Promise<void> {
  let server: { version: number; encoding: string } | null;
  try {
    server = await queryOne<{ version: number; encoding: string }>(
      database,
      `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
    );
  } catch (error) {
    throw databaseFault(error, url);
  }
  if (server !== null) checkServer(server, url);
  if (!(await hasSessions(database))) throw new ExitError(1, noSessions.sentence, { remedy: noSessions.remedy });
}

async function bringToSchema(
  database: Database,
  { url, mayMigrate, queues }: { url: string; mayMigrate: boolean; queues: boolean },
): Promise<string[]> {
  try {
    if (mayMigrate) {
      const migrated = await migrate(database);
      if (!queues) return migrated;
      // Loaded when needed, with BullMQ: most commands start faster without.
      const { migrateQueues } = await import('@dossier/jobs/postgres-connection.ts');
      await migrateQueues(url);
      return migrated;
    }
    const schema = await schemaState(database);
    if (schema.state === 'newer') throw new NewerSchemaError(schema.unknown);
    if (schema.state === 'older') {
      throw new ExitError(
        1,
        `The database's schema is older than this program (missing: ${schema.pending.join(', ')}). Nothing was changed.`,
        {
          remedy: 'Run "dossier migrate" once, with a backup at hand, then start again.',
        },
      );
    }
    return [];
  } catch (error) {
    if (error instanceof NewerSchemaError) throw new ExitError(1, error.message);
    if (error instanceof ExitError) throw error;
    throw databaseFault(error, url);
  }
}
