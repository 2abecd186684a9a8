import type { Knex } from 'knex';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { contentConditions, contentParameters } from '../dossier-pages.ts';
import type { DossierFilter } from '../dossier-pages.ts';
import { dossierColumns } from '../dossiers.ts';
import type { DossierRow } from '../dossiers.ts';
import { readFresh } from './fresh.ts';
import type { Fresh, ListBehind } from './fresh.ts';
import { createNameCost, matchesOf } from './matches.ts';
import type { Match } from './matches.ts';
import { questionOf, tierQuery, tiers } from './question.ts';
import type { Question, Similar } from './question.ts';
import { findSimilar } from './similar.ts';
import type { SimilarWords } from './similar.ts';

/** Of more than so many the first ones found are ranked; whoever looks types more. */
export const mostRanked = 500;

export interface Search {
  readonly text: string;
  /** `lists`: those that are searched; all without. */
  readonly filter: DossierFilter;
  readonly offset: number;
  readonly limit: number;
}

export interface SearchAnswer {
  readonly rows: readonly (DossierRow & { matches: Match[] })[];
  /** How many were found, at most `mostRanked`. */
  readonly total: number;
  /** Whether there are more than `total`. */
  readonly more: boolean;
  /** Lists whose index isn't through yet: what is in them may not be found. */
  readonly behind: readonly ListBehind[];
  /** Whether typing errors are looked for; the database lacks pg_trgm otherwise. */
  readonly forgiving: boolean;
}

const similarTier = tiers.indexOf('similar');

interface Found {
  list_id: number;
  set_id: number;
  uuid: string;
  id: number;
  name: string;
  hash: string;
  tier: number;
}

/**
 * Dossiers that have all the words, in any order and field, the best first: the name as a whole, its beginning, its
 * words, beginnings of its words, other fields, similar words. What a list has written since the index was brought up
 * to date is found, too, if it isn't much; otherwise the list is named.
 */
export async function searchDossiers(database: Database, search: Search): Promise<SearchAnswer> {
  return transaction(database, async (tx) => {
    // A search takes one processor, and no walk through a table.
    const [settings] = await query<{ forgiving: boolean }>(
      tx,
      `select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
         to_regclass('search_terms_trigrams') is not null as forgiving`,
    );
    const question = questionOf(search.text);
    const fresh = await readFresh(tx, search.filter.lists);
    const similar = new Map<string, SimilarWords>();
    const found = question.words.length === 0 ? [] : await findTiers(tx, { search, question, fresh, similar });
    const ranked = rank(search, question, found.slice(0, mostRanked), similar);
    const rows = await readFound(tx, ranked.slice(search.offset, search.offset + search.limit));
    return {
      rows: rows.map((row) => ({ ...row, matches: matchesOf(question, row, similar) })),
      total: ranked.length,
      more: found.length > mostRanked,
      behind: fresh.behind,
      forgiving: settings?.forgiving === true,
    };
  });
}

interface Looking {
  search: Search;
  question: Question;
  fresh: Fresh;
  similar: Map<string, SimilarWords>;
}

/** What fits, the best tier first, until there is more than can be ranked; equal copies of several lists once. */
async function findTiers(tx: Knex.Transaction, looking: Looking): Promise<Found[]> {
  const { search, question, similar } = looking;
  const sets = search.filter.lists ? await setsOf(tx, search.filter.lists) : null;
  if (sets?.length === 0) return [];
  const queries = (): string[] => tiers.map((tier) => tierQuery(tier, question, { sets, similar }));
  const found = new Map<string, Found>();
  const add = (rows: readonly Found[]): boolean => {
    for (const row of rows.toSorted((one, other) => one.tier - other.tier || one.list_id - other.list_id)) {
      const copy = `${row.uuid} ${row.hash}`;
      if (!found.has(copy)) found.set(copy, row);
    }
    return rows.length > mostRanked;
  };
  const literal = await findRows(tx, looking, { queries: queries(), upTo: similarTier - 1 });
  if (literal.length > mostRanked) {
    // More than can be ranked: the best of them are looked for first.
    for (let tier = 0; tier < similarTier - 1; tier += 1) {
      if (add(await findRows(tx, looking, { queries: queries(), upTo: tier }))) return [...found.values()];
    }
    add(literal);
    return [...found.values()];
  }
  await addSimilar(tx, looking);
  const findsMore = queries()[similarTier] !== queries()[similarTier - 1];
  add(findsMore ? [...literal, ...(await findRows(tx, looking, { queries: queries(), upTo: similarTier }))] : literal);
  return [...found.values()];
}

async function setsOf(tx: Knex.Transaction, lists: readonly number[]): Promise<number[]> {
  const rows = await query<{ set_id: number }>(tx, `select set_id from list_positions where list_id = any(:lists::bigint[])`, { lists });
  return rows.map(({ set_id: set }) => set);
}

async function addSimilar(tx: Knex.Transaction, { question, fresh, similar }: Looking): Promise<void> {
  for (const term of question.terms) similar.set(term, await findSimilar(tx, term, fresh.terms));
}

/** What fits a tier or a better one, each with its own. */
async function findRows(
  tx: Knex.Transaction,
  { search: { filter }, fresh: { rows: fresh } }: Looking,
  { queries, upTo }: { queries: readonly string[]; upTo: number },
): Promise<Found[]> {
  const conditions = [...contentConditions(filter), ...(filter.lists ? ['p.list_id = any(:lists::bigint[])'] : [])];
  return query<Found>(
    tx,
    `select p.list_id, d.set_id, d.uuid, d.id, d.name, encode(d.hash, 'hex') as hash,
       case ${queries
         .slice(0, upTo)
         .map((_, tier) => `when s.words @@ (:queries::text[])[${tier + 1}]::tsquery then ${tier}`)
         .join(' ')}
         when true then ${upTo} end as tier
     from (
       select f.set_id, f.uuid, f.revision, f.words::tsvector as words from unnest(:setIds::bigint[], :uuids::uuid[], :revisions::bigint[], :vectors::text[]) f (set_id, uuid, revision, words)
       where f.words::tsvector @@ :words::tsquery
       union all select set_id, uuid, revision, words from search_rows where words @@ :words::tsquery
     ) s
     join list_positions p on p.set_id = s.set_id
     cross join lateral (select * from dossiers where set_id = s.set_id and uuid = s.uuid limit 1) d
     where d.revision = s.revision ${conditions.map((condition) => `and ${condition}`).join(' ')}
     limit ${mostRanked + 1}`,
    {
      words: queries[upTo],
      queries,
      setIds: fresh.map(({ set_id: set }) => set),
      uuids: fresh.map(({ uuid }) => uuid),
      revisions: fresh.map(({ revision }) => revision),
      vectors: fresh.map(({ vector }) => vector),
      ...contentParameters(filter),
    },
  );
}

const byName = new Intl.Collator('und');

/** The best tier first; in it who is written as it was typed, or whose similar words are the most likely. */
function rank({ text }: Search, question: Question, found: readonly Found[], similar: Similar): Found[] {
  const typed = text.trim().normalize('NFKC').toLowerCase();
  const costOfName = createNameCost(question, similar);
  const costs = new Map(
    found.map((row) => {
      if (row.tier === similarTier) return [row, costOfName(row.name)] as const;
      return [row, row.name.normalize('NFKC').toLowerCase().includes(typed) ? 0 : 1] as const;
    }),
  );
  const costOf = (row: Found): number => costs.get(row) ?? 0;
  return found.toSorted(
    (one, other) =>
      one.tier - other.tier ||
      costOf(one) - costOf(other) ||
      byName.compare(one.name, other.name) ||
      one.id - other.id ||
      one.list_id - other.list_id,
  );
}

/** The rows of a page, in its order. */
async function readFound(tx: Knex.Transaction, page: readonly Found[]): Promise<DossierRow[]> {
  if (page.length === 0) return [];
  return query<DossierRow>(
    tx,
    `select ${dossierColumns}, (
       select json_agg(p.list_id order by p.list_id) from rows_of(d.id) copy join list_positions p on p.set_id = copy.set_id where copy.uuid = d.uuid
     ) as lists
     from unnest(:setIds::bigint[], :uuids::uuid[]) with ordinality l (set_id, uuid, place)
     cross join lateral (select * from dossiers where set_id = l.set_id and uuid = l.uuid limit 1) d order by l.place`,
    { setIds: page.map(({ set_id: set }) => set), uuids: page.map(({ uuid }) => uuid) },
  );
}
