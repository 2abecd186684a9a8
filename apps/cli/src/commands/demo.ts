import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { Context } from '../context.ts';

const mostDossiers = 200_000;

/** `dossier demo` */
export function addDemo(program: Command, context: Context): void {
  program
    .command('demo')
    .description('a master and a slave on this machine, with a sample watch list that is replicated before your eyes; stays until Ctrl-C')
    .option('--exit', 'end after the report; exit code 0 only if the replica was verified')
    .option('--fresh', 'forget the data of an earlier demo')
    .option('--dossiers <n>', 'people to generate', parseCount, 4000)
    .action(async (options: { exit?: boolean; fresh?: boolean; dossiers: number }) => {
      const { runDemo } = await import('../demo/run-demo.ts');
      await runDemo(context, { exit: options.exit ?? false, fresh: options.fresh ?? false, dossiers: options.dossiers });
    });
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > mostDossiers)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${mostDossiers}.`);
  return count;
}
