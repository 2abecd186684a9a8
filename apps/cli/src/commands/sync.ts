import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseIds } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { describeOutcome, exitCodeOfRun, followRun, warnOfSetAside } from '../follow-run.ts';
import { chosenLists, startRun } from '../links.ts';
import { print, printJson, progressLine } from '../output.ts';

interface SyncOptions {
  full?: boolean;
  repair?: boolean;
  wait?: boolean;
  json?: boolean;
}

/** `dossier sync [SLAVE_LIST…]` */
export function addSync(program: Command, context: Context): void {
  const command = program
    .command('sync')
    .description('syncs now: the named watch lists, or all that replicate')
    .argument('[slave-list...]', 'ids of watch lists on this node', parseIds)
    .option('--full', 'fetch everything from the master instead of following its changes')
    .option('--repair', 'look at every row and photo here first, and mend what differs from the master')
    .option(
      '--wait',
      'show progress and end with the outcome: 0 equal to the master, 1 failed, 3 not verified, held, or dossiers set aside',
    );
  addClientOptions(command).action(async (lists: number[] | undefined) => {
    const { full, repair, wait, json } = command.opts<SyncOptions>();
    if (full && repair) throw new ExitError(2, 'Give --full or --repair, not both: a sync goes one way or the other.');
    const mode = full ? 'full' : repair ? 'repair' : 'auto';
    const client = clientOf(command, context);
    const chosen = await chosenLists(client, lists ?? []);
    const runs = await Promise.all(chosen.map((list) => startRun(client, list, mode)));
    if (!wait) {
      if (json) return printJson(runs);
      for (const run of runs) print(`watch list ${run.slave_dossier_list}: run ${run.id} ${run.state}`);
      return;
    }
    const progress = progressLine();
    const ended = [];
    // All run at once; the one shown is the first that has not ended.
    for (const run of runs) ended.push(await followRun(client, run, progress.update));
    progress.end();
    if (json) printJson(ended);
    else for (const run of ended) print(describeOutcome(run));
    for (const run of ended) warnOfSetAside(run);
    process.exitCode = Math.max(...ended.map(exitCodeOfRun));
  });
}
