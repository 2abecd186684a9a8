import type { Command } from 'commander';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { configurationOf } from './context.ts';
import type { Context } from './context.ts';

/** Runs a short piece of work on this host's database, whether the node runs or not. */
export async function withDatabase<Result>(
  command: Command,
  context: Context,
  work: (database: Database, configuration: Configuration) => Promise<Result>,
): Promise<Result> {
  const { configuration } = configurationOf(command, context);
  const logger = createLogger({ level: 'warn', name: command.name(), pretty: prefersPretty() });
  // Loaded when needed: other commands start faster without.
  const { accessDatabase } = await import('./database-access.ts');
  const access = await accessDatabase(configuration, logger, {
    applicationName: `dossier ${command.name()}`,
    migrations: 'embedded',
    poolSize: 4,
  });
  try {
    return await work(access.database, configuration);
  } finally {
    await access.close();
  }
}

/** As withDatabase, in one transaction: the work and its entry in the audit are kept together or not at all. */
export async function withTransaction<Result>(
  command: Command,
  context: Context,
  work: (transaction: Database) => Promise<Result>,
): Promise<Result> {
  return withDatabase(command, context, async (database) => {
    const { transaction } = await import('@dossier/postgres/database.ts');
    return transaction(database, work);
  });
}
