import type { Command } from 'commander';
import { z } from 'zod';
import { deadLetterSchema } from '@dossier/protocol/sync.ts';
import type { DeadLetter } from '@dossier/protocol/sync.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { allOf } from '../links.ts';
import { ago } from '../moments.ts';
import { print, printJson } from '../output.ts';
import { table } from '../table.ts';

const path = 'sync/dead-letters/';

/** `dossier dead-letters [list|retry ID|discard ID]` */
export function addDeadLetters(program: Command, context: Context): void {
  const group = program.command('dead-letters').description('what failed for good and waits for a person');
  const list = group.command('list', { isDefault: true }).description('lists them');
  addClientOptions(list).action(async () => {
    const letters = await allOf(clientOf(list, context), path, deadLetterSchema);
    if (list.opts<{ json?: boolean }>().json) return printJson(letters);
    print(letters.length === 0 ? 'There are no dead letters.' : describe(letters));
  });

  const retry = group.command('retry').description('tries again what failed').argument('<id>', 'id of the dead letter', parseId);
  addClientOptions(retry).action(async (id: number) => {
    await clientOf(retry, context).post(`${path}${id}/retry/`, {}, z.unknown());
    if (retry.opts<{ json?: boolean }>().json) return printJson({ id, retried: true });
    print(`Dead letter ${id} is tried again.`);
  });

  const discard = group.command('discard').description('forgets it').argument('<id>', 'id of the dead letter', parseId);
  addClientOptions(discard).action(async (id: number) => {
    await clientOf(discard, context).delete(`${path}${id}/`);
    if (discard.opts<{ json?: boolean }>().json) return printJson({ id, discarded: true });
    print(`Dead letter ${id} is discarded.`);
  });
}

function describe(letters: readonly DeadLetter[]): string {
  return table<DeadLetter>(
    [
      { heading: 'ID', value: (letter) => letter.id, right: true },
      { heading: 'LIST', value: (letter) => letter.slave_dossier_list, right: true },
      { heading: 'RUN', value: (letter) => letter.run, right: true },
      { heading: 'PHASE', value: (letter) => letter.phase },
      { heading: 'CODE', value: (letter) => letter.code },
      { heading: 'TIMES', value: (letter) => letter.count, right: true },
      { heading: 'LAST', value: (letter) => ago(letter.last_date) },
      { heading: 'WHAT HAPPENED', value: (letter) => letter.desc },
    ],
    letters,
  );
}
