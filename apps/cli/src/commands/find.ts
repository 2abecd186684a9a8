import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { dossierPageSchema } from '@dossier/protocol/dossier.ts';
import type { DossierMatch, DossierPage } from '@dossier/protocol/dossier.ts';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { counted } from '../counted.ts';
import { print, printJson } from '../output.ts';
import { table } from '../table.ts';

/** As the API answers on one page. */
const mostShown = 1000;

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,4}$/.test(text) || limit < 1 || limit > mostShown)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${mostShown}.`);
  return limit;
}

type Found = DossierPage['results'][number];

/** `dossier find TEXT… [--list LIST]` */
export function addFind(program: Command, context: Context): void {
  const command = program
    .command('find')
    .description('dossiers by words of their name, comment, external id and fields, in any order, script and spelling')
    .argument('<text...>', 'what is looked for')
    .option('--list <list>', 'only in this watch list', parseId)
    .option('--all', 'also those that are not valid today')
    .option('--limit <number>', `how many are shown, at most ${mostShown}`, parseLimit, 20);
  addClientOptions(command).action(async (text: string[]) => {
    const { json, list, all = false, limit } = command.opts<{ json?: boolean; list?: number; all?: boolean; limit: number }>();
    const query = new URLSearchParams({ q: text.join(' '), limit: String(limit), valid: all ? 'all' : 'now' });
    if (list !== undefined) query.set('dossier_lists', String(list));
    const page = await clientOf(command, context).get(`dossiers/?${query.toString()}`, dossierPageSchema);
    if (json) return printJson(page);
    report(page);
  });
}

function report({ results, search }: DossierPage): void {
  if (results.length > 0) {
    print(
      table<Found>(
        [
          { heading: 'ID', value: ({ id }) => id, right: true },
          { heading: 'NAME', value: ({ name }) => name },
          { heading: 'EXTERNAL ID', value: ({ external_id: externalId }) => externalId },
          { heading: 'LISTS', value: ({ dossier_lists: lists }) => lists.join(', ') },
          { heading: 'FOUND BY', value: ({ matches = [] }) => matches.map(describeMatch).join(', ') },
        ],
        results,
      ),
    );
  }
  if (!search) return;
  print(`${search.total_is_more ? 'More than ' : ''}${counted(search.total, 'dossier')} found, ${results.length} shown.`);
  for (const { dossier_list: list, done, total } of search.not_indexed) {
    print(`Watch list ${list} is not through yet, ${done} of ${total}: somebody in it may be missing here.`);
  }
  if (!search.typing_errors) print('Mistyped names are not found: "dossier doctor" says what the database lacks.');
}

const fields: Record<DossierMatch['field'], string> = { name: 'name', external_id: 'external id', comment: 'comment', meta: 'field' };

function describeMatch({ field, key, text, how }: DossierMatch): string {
  const where = key === null ? fields[field] : key;
  return `${where}: ${text}${how === 'similar' ? ' (similar)' : ''}`;
}
