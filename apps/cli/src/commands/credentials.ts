import { join } from 'node:path';
import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../output.ts';

/** `dossier credentials` */
export function addCredentials(program: Command, context: Context): void {
  program
    .command('credentials')
    .description('shows again where the nodes of the demo are, and the user and password to sign in with')
    .option('--json', 'print JSON for programs')
    .action(async ({ json }: { json?: boolean }) => {
      const { credentialsBox } = await import('../demo/credentials.ts');
      const { findSettings } = await import('../demo/settings.ts');
      const settings = await findSettings(join(context.workingDirectory, 'data', 'demo', 'settings.json'));
      if (settings?.urls === undefined) {
        throw new ExitError(1, `There is no demo below ${context.workingDirectory}.`, {
          remedy:
            '"npm run demo" makes one; run this in the folder where that ran. Passwords of other nodes are shown when they are made only.',
        });
      }
      const { urls, password, adminToken } = settings;
      if (json === true) return printJson({ ...urls, user: 'admin', password, token: adminToken });
      const up = await fetch(`${urls.slave}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
      print(credentialsBox(settings, up ? 'The nodes are up.' : 'The nodes are not up: "npm run demo" starts them.'));
    });
}
