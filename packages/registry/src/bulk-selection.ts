import { badParam } from '@dossier/runtime/errors.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { contentConditions, contentParameters } from './dossier-pages.ts';
import type { DossierFilter } from './dossier-pages.ts';
import { mostRanked, searchDossiers } from './search/search.ts';

/** Dossiers that are found: by the words of a search, or by the filter alone. */
export interface Finding {
  readonly text?: string | undefined;
  readonly filter: DossierFilter;
}

/** Where each list stood when somebody looked: what has a higher revision came or was changed later. */
export type Heads = ReadonlyMap<number, number>;

/** So many dossiers are taken from a filter at once. */
export const mostFound = 100_000;

const listsOf = `select list_id, set_id, revision from list_positions where :lists::bigint[] is null or list_id = any(:lists::bigint[])`;

/** The heads of the lists that are looked through, of one moment. To be read before what is in them is. */
export async function readHeads(database: Database, { lists }: DossierFilter): Promise<Heads> {
  const rows = await query<{ list_id: number; revision: number }>(database, listsOf, { lists: lists ?? null });
  return new Map(rows.map((row) => [row.list_id, row.revision]));
}

/** How many dossiers are found, each counted once; `more`: that a search found more than it ranks. */
export async function countFound(database: Database, { text, filter }: Finding): Promise<{ count: number; more: boolean }> {
  if (text !== undefined) {
    const { ids, more } = await search(database, text, filter);
    return { count: ids.length, more };
  }
  const conditions = contentConditions(filter);
  // A list knows how many it has.
  const whole = conditions.length === 0 && filter.lists?.length === 1;
  const [row] = await query<{ count: number }>(
    database,
    whole
      ? `select coalesce(sum(dossier_count), 0)::bigint as count from list_positions where list_id = any(:lists::bigint[])`
      : `select count(distinct d.id) as count from (${listsOf}) l join dossiers d on d.set_id = l.set_id
         ${conditions.map((condition, index) => `${index === 0 ? 'where' : 'and'} ${condition}`).join(' ')}`,
    contentParameters(filter),
  );
  return { count: row?.count ?? 0, more: false };
}

/** The numbers of those who are found, ascending, behind `after`, at most `mostFound`; BAD_PARAM for a search that finds more than it ranks. */
export async function findIds(database: Database, { text, filter }: Finding, after: number): Promise<number[]> {
  if (text !== undefined) {
    const { ids, more } = await search(database, text, filter);
    if (more) throw badParam('q', `filter.q: finds more than ${mostRanked} dossiers. Nothing was changed; write more words.`);
    return ids.filter((id) => id > after);
  }
  const conditions = ['d.id > :after', ...contentConditions(filter)];
  const rows = await query<{ id: number }>(
    database,
    `select distinct d.id from (${listsOf}) l join dossiers d on d.set_id = l.set_id where ${conditions.join(' and ')} order by d.id limit ${mostFound}`,
    { ...contentParameters(filter), after },
  );
  return rows.map(({ id }) => id);
}

async function search(database: Database, text: string, filter: DossierFilter): Promise<{ ids: number[]; more: boolean }> {
  const { rows, more } = await searchDossiers(database, { text, filter, offset: 0, limit: mostRanked });
  return { ids: [...new Set(rows.map(({ id }) => id))].toSorted((a, b) => a - b), more };
}
