import type { Command } from 'commander';
import { joinedSchema } from '@dossier/protocol/master.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';

/** `dossier join MASTER_URL CODE` */
export function addJoin(program: Command, context: Context): void {
  const command = program
    .command('join')
    .description('introduces this node to a master by the code of an invitation ("dossier site add" there); no SYNC_TOKEN is needed')
    .argument('<master-url>', "the master's address, such as https://master.example:8000")
    .argument('<code>', 'the code');
  addClientOptions(command).action(async (remoteUrl: string, code: string) => {
    const joined = await clientOf(command, context).post('sync/masters/', { remote_url: remoteUrl, code }, joinedSchema);
    if (command.opts<{ json?: boolean }>().json) return printJson(joined);
    const { master } = joined;
    print(`Joined the master ${printable(master.name ?? master.remote_url)}.`);
    print(`  words of this node    ${joined.own_words}\n  words of the master   ${master.words}`);
    print(
      'Both must be the same on the master ("dossier site show", "dossier status" there). If they differ, somebody stands between: revoke the site.',
    );
    if (joined.clock !== null) print(`\n${printable(joined.clock)}`);
    if (joined.fault !== null) print(`\nWhat it offers is not known (${printable(joined.fault.code)}): ${printable(joined.fault.desc)}`);
    for (const { id, name, dossier_count: count } of joined.dossier_lists) print(`  list ${id}: ${printable(name)}, dossiers: ${count}`);
    if (joined.dossier_lists.length > 0)
      print(
        `"dossier link ${printable(master.remote_url)} LIST LIST_HERE" copies one into a watch list of this node, in the place of what that holds.`,
      );
  });
}
