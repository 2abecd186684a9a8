import type { Command } from 'commander';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { differenceOf, rejectHeld } from '../held.ts';
import { print, printJson } from '../output.ts';

/** `dossier reject SLAVE_LIST` */
export function addReject(program: Command, context: Context): void {
  const command = program
    .command('reject')
    .description("keeps a watch list as it is, and asks again when the master's changes")
    .argument('<slave-list>', 'id of the watch list on this node', parseId)
    .option('--difference <hex>', 'the difference as "dossier held" showed it (default: what is held now)');
  addClientOptions(command).action(async (slaveList: number) => {
    const { difference, json } = command.opts<{ difference?: string; json?: boolean }>();
    const client = clientOf(command, context);
    const link = await rejectHeld(client, slaveList, await differenceOf(client, slaveList, difference));
    if (json) return printJson(link);
    print(`watch list ${slaveList}: rejected; it keeps what it has until the master's list changes.`);
  });
}
