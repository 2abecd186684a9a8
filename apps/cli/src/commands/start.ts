import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `dossier start` */
export function addStart(program: Command, context: Context): void {
  const command = program
    .command('start')
    .description('API, web interface, workers and scheduler in one process; migrates the embedded database itself, no other one')
    .action(async () => {
      // Loaded when needed: the commands that only ask a running node start in a fraction of the time.
      const { runNode } = await import('../run-node.ts');
      await runNode(command, context, { name: 'start', api: true, worker: true });
    });
}
