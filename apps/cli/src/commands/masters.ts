import type { Command } from 'commander';
import { masterSchema, mastersSchema } from '@dossier/protocol/master.ts';
import type { Master } from '@dossier/protocol/master.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { ago } from '../moments.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { table } from '../table.ts';

/** `dossier masters [list|accept ID|forget ID]` */
export function addMasters(program: Command, context: Context): void {
  const group = program.command('masters').description('on a slave: the masters whose keys it knows');
  const list = group.command('list', { isDefault: true }).description('their addresses, and the words of their keys');
  addClientOptions(list).action(async () => {
    const masters = await clientOf(list, context).get('sync/masters/', mastersSchema);
    if (list.opts<{ json?: boolean }>().json) return printJson(masters);
    if (masters.length === 0) return print('This node knows the key of no master yet.');
    print(
      table<Master>(
        [
          { heading: 'ID', value: ({ id }) => id, right: true },
          { heading: 'MASTER', value: ({ remote_url: url }) => url },
          { heading: 'NAME', value: ({ name }) => name },
          { heading: 'WORDS', value: ({ words }) => words },
          { heading: 'SINCE', value: ({ pinned_date: date }) => ago(date) },
        ],
        masters,
      ),
    );
    for (const { id, offered } of masters) {
      if (offered === null) continue;
      print(
        `\n${printable(offered.remote_url)} signs with another key since ${ago(offered.date)}; its words: ${offered.words}\n  If the master shows the same words: "dossier masters accept ${id}"`,
      );
    }
  });

  const accept = group
    .command('accept')
    .description('believes the other key that a master signs with now; compare its words with those that the master shows first')
    .argument('<id>', 'number of the master', parseId);
  addClientOptions(accept).action(async (id: number) => {
    const client = clientOf(accept, context);
    const offered = (await client.get('sync/masters/', mastersSchema)).find((master) => master.id === id)?.offered;
    if (!offered) throw new ExitError(1, `The master ${id} offers no other key.`, { remedy: '"dossier masters" shows all.' });
    const master = await client.post(`sync/masters/${id}/accept/`, { key: offered.key }, masterSchema);
    if (accept.opts<{ json?: boolean }>().json) return printJson(master);
    print(`The key of ${printable(master.remote_url)} with the words ${master.words} is believed now. "dossier sync" asks it at once.`);
  });

  const forget = group
    .command('forget')
    .description("forgets a master's key: the next one that SYNC_TOKEN vouches for is believed")
    .argument('<id>', 'number of the master', parseId);
  addClientOptions(forget).action(async (id: number) => {
    await clientOf(forget, context).delete(`sync/masters/${id}/`);
    print(`The key of master ${id} is forgotten.`);
  });
}
