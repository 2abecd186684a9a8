import type { Command } from 'commander';
import { heldKinds, heldPageSchema } from '@dossier/protocol/held.ts';
import type { Held, HeldDossier, HeldKind } from '@dossier/protocol/held.ts';
import { Option } from 'commander';
import { parseId } from '../arguments.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Client } from '../client.ts';
import type { Context } from '../context.ts';
import { describeHeld } from '../held.ts';
import { allLinks } from '../links.ts';
import { ago, localTime } from '../moments.ts';
import { print, printJson } from '../output.ts';
import { table } from '../table.ts';

interface HeldList {
  list: number;
  held: Held;
}

/** `dossier held [SLAVE_LIST]` */
export function addHeld(program: Command, context: Context): void {
  const command = program
    .command('held')
    .description('syncs that wait for a person, or what the one of a watch list would do, with the names')
    .argument('[slave-list]', 'id of the watch list on this node', parseId)
    .addOption(new Option('--kind <kind>', 'only these of its dossiers').choices(heldKinds))
    .option('--all', 'every name, not only the first 100');
  addClientOptions(command).action(async (slaveList: number | undefined) => {
    const { json, kind, all = false } = command.opts<{ json?: boolean; kind?: HeldKind; all?: boolean }>();
    const client = clientOf(command, context);
    if (slaveList === undefined) return reportAll(await heldLists(client), json);
    const found = await readHeld(client, slaveList, { kind, all });
    if (json) return printJson(found);
    print(describeHeld(slaveList, found.held));
    print(`\n${namesOf(found.dossiers)}`);
    if (found.more) print('… and more; --all lists them.');
  });
}

async function heldLists(client: Client): Promise<HeldList[]> {
  return (await allLinks(client)).flatMap(({ slave_dossier_list: list, held }) => (held ? [{ list, held }] : []));
}

function reportAll(lists: readonly HeldList[], json: boolean | undefined): void {
  if (json) return printJson(lists.map(({ list, held }) => ({ slave_dossier_list: list, ...held })));
  if (lists.length === 0) return print('Nothing is held.');
  print(
    table<HeldList>(
      [
        { heading: 'LIST', value: ({ list }) => list, right: true },
        { heading: 'STATE', value: ({ held }) => held.state },
        { heading: 'REMOVES', value: ({ held }) => held.removing, right: true },
        { heading: 'CHANGES', value: ({ held }) => held.changing, right: true },
        { heading: 'ADDS', value: ({ held }) => held.adding, right: true },
        { heading: 'HELD', value: ({ held }) => ago(held.held_date) },
        { heading: 'UNTIL', value: ({ held }) => localTime(held.expires_date) },
        { heading: 'WHY', value: ({ held }) => held.reasons.map(({ guard }) => guard).join(', ') },
      ],
      lists,
    ),
  );
  print('\n"dossier held LIST" names what would go; "dossier approve LIST" or "dossier reject LIST" decides.');
}

async function readHeld(
  client: Client,
  slaveList: number,
  { kind, all }: { kind: HeldKind | undefined; all: boolean },
): Promise<{ held: Held; dossiers: HeldDossier[]; more: boolean }> {
  const query = `limit=${all ? 1000 : 100}${kind === undefined ? '' : `&kind=${kind}`}`;
  const dossiers: HeldDossier[] = [];
  let cursor: string | null = null;
  for (;;) {
    const page: ReturnType<typeof heldPageSchema.parse> = await client.get(
      `sync/dossier-lists/${slaveList}/held/?${query}${cursor === null ? '' : `&page=${encodeURIComponent(cursor)}`}`,
      heldPageSchema,
    );
    const { results, next_page: next, prev_page: _previous, ...held } = page;
    dossiers.push(...results);
    cursor = next;
    if (cursor === null || !all) return { held, dossiers, more: cursor !== null };
  }
}

function namesOf(dossiers: readonly HeldDossier[]): string {
  return table<HeldDossier>(
    [
      { heading: 'WOULD BE', value: ({ kind }) => wouldBe[kind] },
      { heading: 'ID HERE', value: ({ id }) => id, right: true },
      { heading: 'NAME', value: ({ name }) => name },
      { heading: 'EXTERNAL ID', value: ({ external_id: externalId }) => externalId },
    ],
    dossiers,
  );
}

const wouldBe: Record<HeldKind, string> = {
  adding: 'added',
  changing: 'changed',
  removing: 'removed',
  deactivating: 'made inactive',
  lost: 'removed (lost by the master)',
};
