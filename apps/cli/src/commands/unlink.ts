import type { Command } from 'commander';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { cancelLink } from '../links.ts';
import { print, printJson } from '../output.ts';

/** `dossier unlink SLAVE_LIST` */
export function addUnlink(program: Command, context: Context): void {
  const command = program
    .command('unlink')
    .description('cancels replication and synchronization of a watch list; its dossiers stay and become editable')
    .argument('<slave-list>', 'id of the watch list on this node', parseId)
    .option('--purge', 'remove its dossiers as well');
  addClientOptions(command).action(async (slaveList: number) => {
    const { purge = false, json } = command.opts<{ purge?: boolean; json?: boolean }>();
    await cancelLink(clientOf(command, context), slaveList, purge);
    if (json) return printJson({ slave_dossier_list: slaveList, purge });
    print(`Watch list ${slaveList} is being released${purge ? ' and its dossiers removed' : '; its dossiers stay'}.`);
  });
}
