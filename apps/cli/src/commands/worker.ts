import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `dossier worker` */
export function addWorker(program: Command, context: Context): void {
  const command = program
    .command('worker')
    .description('workers and scheduler alone, for containers; any number of them on one database')
    .action(async () => {
      // It waits for PostgreSQL most of its time: less memory for a little more of the processor's.
      setFlagsFromString('--optimize-for-size');
      const { runNode } = await import('../run-node.ts');
      await runNode(command, context, { name: 'worker', api: false, worker: true });
    });
}
