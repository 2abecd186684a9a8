import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `dossier api` */
export function addApi(program: Command, context: Context): void {
  const command = program
    .command('api')
    .description('API and web interface alone, for containers; workers run elsewhere on the same database')
    .action(async () => {
      const { runNode } = await import('../run-node.ts');
      await runNode(command, context, { name: 'api', api: true, worker: false });
    });
}
