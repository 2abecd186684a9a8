import type { Command } from 'commander';
import { runSchema } from '@dossier/protocol/sync.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { followRun } from '../follow-run.ts';
import { describeUndone } from '../held.ts';
import { print, printJson, progressLine } from '../output.ts';

/** `dossier undo SLAVE_LIST` */
export function addUndo(program: Command, context: Context): void {
  const command = program
    .command('undo')
    .description('takes back the last sync that was applied to a watch list, and holds what would do the same again')
    .argument('<slave-list>', 'id of the watch list on this node', parseId);
  addClientOptions(command).action(async (slaveList: number) => {
    const client = clientOf(command, context);
    const progress = progressLine();
    const run = await followRun(client, await client.post(`sync/dossier-lists/${slaveList}/undo/`, {}, runSchema), progress.update);
    progress.end();
    if (command.opts<{ json?: boolean }>().json) printJson(run);
    else print(describeUndone(run));
    process.exitCode = run.state === 'undone' ? 0 : 1;
  });
}
