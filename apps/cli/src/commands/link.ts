import type { Command } from 'commander';
import { linkRequest } from '@dossier/protocol/sync.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { createLink } from '../links.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';

/** `dossier link REMOTE_URL REMOTE_LIST SLAVE_LIST` */
export function addLink(program: Command, context: Context): void {
  const command = program
    .command('link')
    .description('makes a watch list of this node a replica of one of a master; what it holds is replaced at the first sync')
    .argument('<remote-url>', "the master's address, such as https://master.example:8000")
    .argument('<remote-list>', 'id of the watch list on the master', parseId)
    .argument('<slave-list>', 'id of the watch list on this node', parseId);
  addClientOptions(command).action(async (remoteUrl: string, remoteList: number, slaveList: number) => {
    const body = { remote_url: remoteUrl, remote_dossier_list: remoteList, slave_dossier_list: slaveList };
    const fault = linkRequest.safeParse(body).error?.issues[0];
    if (fault !== undefined) throw new ExitError(2, `REMOTE_URL ${JSON.stringify(remoteUrl)}: ${fault.message}.`);
    const link = await createLink(clientOf(command, context), body);
    if (command.opts<{ json?: boolean }>().json) return printJson(link);
    print(
      `Watch list ${link.slave_dossier_list} replicates watch list ${link.remote_dossier_list} of ${printable(link.remote_url)} (${link.state}).`,
    );
    print(`"dossier sync ${link.slave_dossier_list} --wait" shows the first sync to its end, "dossier status" how it stands.`);
  });
}
