import type { Command } from 'commander';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import { counted } from '../counted.ts';
import { print, printJson } from '../output.ts';

/** `dossier migrate` */
export function addMigrate(program: Command, context: Context): void {
  program
    .command('migrate')
    .description("brings the database to this version's schema; refuses a newer one; safe to run from several hosts at once")
    .option('--json', 'print what ran as JSON')
    .action(async (options: { json?: boolean }, command: Command) => {
      const { configuration } = configurationOf(command, context);
      const logger = createLogger({ level: 'warn', name: 'migrate', pretty: prefersPretty() });
      const { accessDatabase } = await import('../database-access.ts');
      const access = await accessDatabase(configuration, logger, { applicationName: 'dossier migrate', migrations: 'any', poolSize: 4 });
      try {
        if (options.json) return printJson({ migrated: access.migrated });
        for (const name of access.migrated) print(`ran ${name}`);
        print(
          access.migrated.length === 0
            ? 'The schema is up to date.'
            : `The schema is up to date; ${counted(access.migrated.length, 'migration')} ran.`,
        );
      } finally {
        await access.close();
      }
    });
}
