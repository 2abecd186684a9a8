import type { Command } from 'commander';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { describeOutcome, exitCodeOfRun, followRun, warnOfSetAside } from '../follow-run.ts';
import { approveHeld, differenceOf } from '../held.ts';
import { print, printJson, progressLine } from '../output.ts';

interface ApproveOptions {
  difference?: string;
  wait?: boolean;
  json?: boolean;
}

/** `dossier approve SLAVE_LIST` */
export function addApprove(program: Command, context: Context): void {
  const command = program
    .command('approve')
    .description('lets what is held for a watch list be applied: exactly that, once')
    .argument('<slave-list>', 'id of the watch list on this node', parseId)
    .option('--difference <hex>', 'the difference as "dossier held" showed it (default: what is held now)')
    .option('--wait', 'show progress and end with the outcome: 0 applied, 1 failed, 3 held anew, or dossiers set aside');
  addClientOptions(command).action(async (slaveList: number) => {
    const { difference, wait, json } = command.opts<ApproveOptions>();
    const client = clientOf(command, context);
    const run = await approveHeld(client, slaveList, await differenceOf(client, slaveList, difference));
    if ('remote_url' in run) {
      if (json) return printJson(run);
      return print(`watch list ${slaveList}: approved by one person; nothing is applied before a second one approves it, too`);
    }
    if (!wait) {
      if (json) return printJson(run);
      return print(`watch list ${slaveList}: approved, run ${run.id} ${run.state}`);
    }
    const progress = progressLine();
    const ended = await followRun(client, run, progress.update);
    progress.end();
    if (json) printJson(ended);
    else print(describeOutcome(ended));
    warnOfSetAside(ended);
    process.exitCode = exitCodeOfRun(ended);
  });
}
