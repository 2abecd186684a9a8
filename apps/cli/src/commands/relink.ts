import type { Command } from 'commander';
import { linkChangeRequest } from '@dossier/protocol/sync.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { correctLink } from '../links.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';

interface RelinkOptions {
  remoteUrl?: string;
  remoteList?: number;
  json?: boolean;
}

/** `dossier relink SLAVE_LIST [--remote-url URL] [--remote-list ID]` */
export function addRelink(program: Command, context: Context): void {
  const command = program
    .command('relink')
    .description('corrects where a link leads: the master has moved, or something was mistyped; the list is synced from there at once')
    .argument('<slave-list>', 'id of the watch list on this node', parseId)
    .option('--remote-url <url>', "the master's address; the same node has to answer there")
    .option('--remote-list <id>', 'id of the watch list on the master; only before the first sync', parseId);
  addClientOptions(command).action(async (slaveList: number) => {
    const { remoteUrl, remoteList, json } = command.opts<RelinkOptions>();
    if (remoteUrl === undefined && remoteList === undefined) throw new ExitError(2, 'Give --remote-url, --remote-list or both.');
    const correction = {
      ...(remoteUrl !== undefined && { remote_url: remoteUrl }),
      ...(remoteList !== undefined && { remote_dossier_list: remoteList }),
    };
    const fault = linkChangeRequest.safeParse(correction).error?.issues[0];
    if (fault !== undefined) throw new ExitError(2, `--remote-url ${JSON.stringify(remoteUrl)}: ${fault.message}.`);
    const link = await correctLink(clientOf(command, context), slaveList, correction);
    if (json) return printJson(link);
    print(
      `Watch list ${link.slave_dossier_list} replicates watch list ${link.remote_dossier_list} of ${printable(link.remote_url)} (${link.state}).`,
    );
  });
}
