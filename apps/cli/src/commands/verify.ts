import type { Command } from 'commander';
import type { Difference, Run } from '@dossier/protocol/sync.ts';
import { parseIds } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { counted } from '../counted.ts';
import { describeOutcome, exitCodeOfRun, followRun } from '../follow-run.ts';
import { chosenLists, startRun } from '../links.ts';
import { print, printJson, progressLine } from '../output.ts';
import { table } from '../table.ts';

const shownDifferences = 100;

/** `dossier verify [SLAVE_LIST…]` */
export function addVerify(program: Command, context: Context): void {
  const command = program
    .command('verify')
    .description(
      "recomputes the replica's digest from its rows, compares it with the master and lists what differs; exit code 3 if anything does",
    )
    .argument('[slave-list...]', 'ids of watch lists on this node (default: all that replicate)', parseIds);
  addClientOptions(command).action(async (lists: number[] | undefined) => {
    const client = clientOf(command, context);
    const progress = progressLine();
    const ended: Run[] = [];
    for (const list of await chosenLists(client, lists ?? [])) {
      ended.push(await followRun(client, await startRun(client, list, 'verify'), progress.update));
    }
    progress.end();
    if (command.opts<{ json?: boolean }>().json) printJson(ended);
    else for (const run of ended) report(run);
    process.exitCode = Math.max(...ended.map(exitCodeOfRun));
  });
}

function report(run: Run): void {
  const differences = run.differences ?? [];
  if (differences.length === 0) {
    const verified = exitCodeOfRun(run) === 0;
    print(verified ? `watch list ${run.slave_dossier_list}: verified, equal to the master` : describeOutcome(run));
    return;
  }
  print(`watch list ${run.slave_dossier_list}: ${counted(differences.length, 'dossier differs', 'dossiers differ')} from the master`);
  print(
    table<Difference>(
      [
        { heading: 'DIFFERS', value: (difference) => difference.kind },
        { heading: 'ID HERE', value: (difference) => difference.id, right: true },
        { heading: 'NAME', value: (difference) => difference.name },
        { heading: 'UUID', value: (difference) => difference.dossier },
      ],
      differences.slice(0, shownDifferences),
    ),
  );
  if (differences.length > shownDifferences) print(`… and ${differences.length - shownDifferences} more; --json lists all`);
  print(whatHelps(run.slave_dossier_list, differences));
}

/** What a sync can't mend is said to be so. */
export function whatHelps(list: number, differences: readonly Difference[]): string {
  const setAside = `can't be held here as they are: "dossier status" says why. Every sync tries again.`;
  if (differences.every(({ kind }) => kind === 'set-aside')) return `They ${setAside}`;
  const mends = `"dossier sync ${list} --full --wait" makes them equal again`;
  return differences.some(({ kind }) => kind === 'set-aside') ? `${mends}, but for those set aside, which ${setAside}` : `${mends}.`;
}
