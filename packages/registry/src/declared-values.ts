import type { Knex } from 'knex';
import { contradictionsOf, misfitsOf, newMisfits } from '@dossier/domain/declaration.ts';
import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Meta } from '@dossier/domain/dossier.ts';
import { emptyDeclarationText, readDeclaration } from '@dossier/protocol/declaration.ts';
import type { Misfits } from '@dossier/protocol/declaration.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';

/** A list that is to hold a dossier, with the text of the `meta` that it holds of it now; null: it comes new. */
export interface Place {
  readonly list_id: number;
  readonly before: string | null;
}

/** A list that declares fields. */
export interface DeclaringList {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly DeclaredField[];
}

/** Those of the lists that declare fields, by their ids. */
export async function readDeclaringLists(connection: Connection, lists: readonly number[]): Promise<DeclaringList[]> {
  const rows = await query<{ id: number; name: string; declaration: string }>(
    connection,
    `select id, name, declaration::text as declaration from watch_lists where id = any(:lists::bigint[]) and declaration::text <> :empty order by id`,
    { lists, empty: emptyDeclarationText },
  );
  return rows.map(({ id, name, declaration }) => ({ id, name, fields: readDeclaration(declaration).fields }));
}

/** The fields that a list declares. */
export async function readDeclaredFields(connection: Connection, listId: number): Promise<readonly DeclaredField[]> {
  const [list] = await readDeclaringLists(connection, [listId]);
  return list?.fields ?? [];
}

/**
 * Refuses a `meta` in which a value is written that one of the lists declares otherwise; each list has its say. To be called with the lists locked. BAD_PARAM
 * names field, reason and list, and the list that contradicts it, if one does.
 */
export async function requireDeclaredValues(tx: Knex.Transaction, places: readonly Place[], meta: string): Promise<void> {
  const changed = places.filter(({ before }) => before !== meta);
  if (changed.length === 0) return;
  const declaring = await readDeclaringLists(
    tx,
    changed.map((place) => place.list_id),
  );
  const refusal = declaredRefusal(declaring, changed, meta);
  if (refusal === null) return;
  throw new ApplicationError('BAD_PARAM', refusal.desc, {
    param: 'meta',
    ...(refusal.contradicted && { remedy: 'Declare the field alike in both lists, or keep the dossier in one of them.' }),
  });
}

/** Why a `meta` can't be written. */
export interface DeclaredRefusal {
  /** Field, reason and list, and the list that contradicts it, if one does. */
  desc: string;
  contradicted: boolean;
}

/** Why a `meta` can't be written in these places, of whose lists those that declare fields are known; null: it can. */
export function declaredRefusal(known: readonly DeclaringList[], places: readonly Place[], meta: string): DeclaredRefusal | null {
  const changed = new Map(places.filter(({ before }) => before !== meta).map((place) => [place.list_id, place.before]));
  const declaring = known.filter(({ id }) => changed.has(id));
  if (declaring.length === 0) return null;
  const after = readMeta(meta);
  for (const list of declaring) {
    const before = changed.get(list.id) ?? null;
    const [misfit] = newMisfits(list.fields, before === null ? null : readMeta(before), after);
    if (misfit === undefined) continue;
    const { name } = misfit.field;
    const other = contradictionsOf(declaring).find((found) => found.name === name && found.lists.includes(list));
    const contrary = other?.lists.find((one) => one !== list);
    return {
      desc: `meta.${name}: ${misfit.reason}, as the watch list ${list.id} (${list.name}) declares it.${contrary ? ` The watch list ${contrary.id} (${contrary.name}) declares it so that no value fits both.` : ''}`,
      contradicted: contrary !== undefined,
    };
  }
  return null;
}

/** Why a `meta` can't become another one in a list with these fields, or null. `before` is null for a dossier that comes new. */
export function declaredFault(fields: readonly DeclaredField[], before: string | null, after: string): string | null {
  if (fields.length === 0 || before === after) return null;
  const [misfit] = newMisfits(fields, before === null ? null : readMeta(before), readMeta(after));
  return misfit === undefined ? null : `meta.${misfit.field.name}: ${misfit.reason}`;
}

/** What somebody wrote by hand may be none. */
function readMeta(text: string): Meta {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Meta) : {};
  } catch {
    return {};
  }
}

const rowsAtOnce = 5000;
const mostExamples = 20;

/** How many dossiers of a list have values that don't fit what it declares, and of which fields. NOT_FOUND without such a list. */
export async function countMisfits(database: Database, listId: number): Promise<Misfits> {
  const list = await queryOne<{ set_id: number; declaration: string }>(
    database,
    `select p.set_id, l.declaration::text as declaration from watch_lists l join list_positions p on p.list_id = l.id where l.id = :listId`,
    { listId },
  );
  if (!list) throw notFound(`watch list ${listId}`);
  const { fields } = readDeclaration(list.declaration);
  const found = new Map(fields.map(({ name }) => [name, { name, dossiers: 0, examples: [] as number[] }]));
  let dossiers = 0;
  let after = '00000000-0000-0000-0000-000000000000';
  while (fields.length > 0) {
    const rows = await query<{ uuid: string; id: number; meta: string }>(
      database,
      `select uuid, id, meta::text as meta from dossiers where set_id = ${list.set_id} and uuid > :after::uuid order by uuid limit ${rowsAtOnce}`,
      { after },
    );
    const last = rows.at(-1);
    if (!last) break;
    after = last.uuid;
    for (const { id, meta } of rows) {
      const misfits = misfitsOf(fields, readMeta(meta));
      if (misfits.length > 0) dossiers += 1;
      for (const { field } of misfits) {
        const counted = found.get(field.name);
        if (counted === undefined) continue;
        counted.dossiers += 1;
        if (counted.examples.length < mostExamples) counted.examples.push(id);
      }
    }
  }
  return { dossiers, fields: [...found.values()].filter((field) => field.dossiers > 0) };
}
