import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `dossier worker` */
export function addWorker(program: Command, context: Context): void {
  const command = program
    .command('worker')
    .description('workers and scheduler alone, for containers; any number of them on one database')
    .action(async () => {
      const { runNode } = await import('../run-node.ts');
      await runNode(command, context, { name: 'worker', api: false, worker: true });
    });
}
