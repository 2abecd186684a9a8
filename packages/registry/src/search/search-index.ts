import type { Knex } from 'knex';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { rowWords } from './lexemes.ts';
import type { Searchable } from './lexemes.ts';
import { soundOf } from './sound.ts';

/** Held by whoever writes the index, until the commit; one does at a time. */
const indexLock = 0x0d056;
/** Small enough for whoever shares this process not to notice. */
const rowsAtOnce = 400;
const removedAtOnce = 5000;

/** Where the index of a list stands. */
export interface IndexedList {
  list_id: number;
  set_id: number;
  /** The revision up to which the list's rows are in the index; 0: none. */
  indexed: number;
  head: number;
  dossier_count: number;
}

/** Where the index stands, of each list that holds dossiers and is behind. Locks nothing. */
export async function listsBehind(connection: Connection): Promise<IndexedList[]> {
  return query<IndexedList>(
    connection,
    `select p.list_id, p.set_id, coalesce(s.revision, 0) as indexed, p.revision as head, p.dossier_count
     from list_positions p left join search_sets s on s.set_id = p.set_id
     where coalesce(s.revision, 0) < p.revision and (p.dossier_count > 0 or s.set_id is not null) order by p.dossier_count, p.list_id`,
  );
}

/**
 * Brings the index up to date with all lists, the smallest first, and forgets sets that are no list's any more. A piece
 * is a transaction of its own, which locks nothing that readers or syncs need. Ends early once the signal is aborted,
 * or where another process is at it. Returns how many rows it read.
 */
export async function updateSearchIndex(database: Database, signal?: AbortSignal): Promise<number> {
  let read = 0;
  for (;;) {
    if (signal?.aborted === true) return read;
    const step = await transaction(database, indexStep);
    read += step;
    if (step === 0) return read;
  }
}

/** Zero: there is nothing to be done, or another process does it. */
async function indexStep(tx: Knex.Transaction): Promise<number> {
  const lock = await queryOne<{ locked: boolean }>(tx, `select pg_try_advisory_xact_lock(${indexLock}) as locked`);
  if (lock?.locked !== true) return 0;
  const [list] = await listsBehind(tx);
  return list ? followList(tx, list) : forgetSets(tx);
}

type IndexRow = Searchable & { uuid: string; revision: number };

/** The next rows and tombstones of a list, in the order of their revisions. */
async function followList(tx: Knex.Transaction, { set_id: setId, indexed, head }: IndexedList): Promise<number> {
  const rows = await query<IndexRow>(
    tx,
    `select uuid, revision, name, comment, external_id, meta from dossiers
     where set_id = ${setId} and revision > :indexed and revision <= :head order by revision limit ${rowsAtOnce}`,
    { indexed, head },
  );
  const upTo = rows.length < rowsAtOnce ? head : (rows.at(-1)?.revision ?? head);
  const former = indexed === 0 ? [] : [...rows.map(({ uuid }) => uuid), ...(await tombstonesOf(tx, { setId, indexed, upTo }))];
  const removed = await removeRows(tx, `r.set_id = ${setId} and r.uuid = any(:former::uuid[])`, { former });
  await insertRows(tx, setId, rows);
  await forgetTerms(tx, removed);
  await query(
    tx,
    `insert into search_sets (set_id, revision) values (${setId}, :upTo) on conflict (set_id) do update set revision = excluded.revision`,
    { upTo },
  );
  return rows.length + 1;
}

async function tombstonesOf(
  tx: Knex.Transaction,
  { setId, ...range }: { setId: number; indexed: number; upTo: number },
): Promise<string[]> {
  const gone = await query<{ uuid: string }>(
    tx,
    `select uuid from tombstones where set_id = ${setId} and revision > :indexed and revision <= :upTo`,
    range,
  );
  return gone.map(({ uuid }) => uuid);
}

async function insertRows(tx: Knex.Transaction, setId: number, rows: readonly IndexRow[]): Promise<void> {
  if (rows.length === 0) return;
  const terms = new Set<string>();
  const lines = rows.map((row) => {
    const words = rowWords(row);
    for (const term of words.terms) terms.add(term);
    return { uuid: row.uuid, revision: row.revision, words: vectorOf([...words.lexemes, setLexeme(setId)]) };
  });
  await query(
    tx,
    `insert into search_rows (set_id, uuid, revision, words)
     select ${setId}, uuid, revision, words::tsvector from unnest(:uuids::uuid[], :revisions::bigint[], :words::text[]) r (uuid, revision, words)
     on conflict (set_id, uuid) do update set revision = excluded.revision, words = excluded.words`,
    { uuids: lines.map(({ uuid }) => uuid), revisions: lines.map(({ revision }) => revision), words: lines.map(({ words }) => words) },
  );
  const sorted = [...terms].toSorted();
  await query(
    tx,
    `insert into search_terms (word, sound) select * from unnest(:words::text[], :sounds::text[]) on conflict (word) do nothing`,
    { words: sorted, sounds: sorted.map(soundOf) },
  );
}

/** The word that stands for a row's set. */
export function setLexeme(setId: number): string {
  return `#${setId}`;
}

/** Words as PostgreSQL reads a tsvector; they hold neither quotes nor backslashes. */
export function vectorOf(lexemes: readonly string[]): string {
  return lexemes.map((lexeme) => `'${lexeme}'`).join(' ');
}

/** Removes rows from the index and returns the words that they had. */
async function removeRows(tx: Knex.Transaction, condition: string, parameters: Record<string, unknown> = {}): Promise<string[]> {
  const words = await query<{ word: string }>(
    tx,
    `with gone as (delete from search_rows r where ${condition} returning words)
     select distinct ltrim(word, '.') as word from gone, unnest(tsvector_to_array(words)) word where word ~ '^[.]{0,1}[a-z]{3,40}$'`,
    parameters,
  );
  return words.map(({ word }) => word);
}

/** Forgets those of the words that no row has any more: a name that was erased is not to be found here either. */
async function forgetTerms(tx: Knex.Transaction, words: readonly string[]): Promise<void> {
  if (words.length === 0) return;
  await query(
    tx,
    `delete from search_terms t using unnest(:words::text[]) w (word)
     where t.word = w.word and not exists (select from search_rows r where r.words @@ (w.word || ' | .' || w.word)::tsquery offset 0)`,
    { words },
  );
}

/** Forgets some rows of sets that are no list's; returns how many. */
async function forgetSets(tx: Knex.Transaction): Promise<number> {
  const [stale] = await query<{ set_id: number }>(
    tx,
    `select set_id from search_sets s where not exists (select from list_positions p where p.set_id = s.set_id) limit 1`,
  );
  if (!stale) return 0;
  const setId = stale.set_id;
  // A list that is pointed back at it begins anew.
  await query(tx, `update search_sets set revision = 0 where set_id = ${setId}`);
  const words = await removeRows(
    tx,
    `r.set_id = ${setId} and r.uuid in (select uuid from search_rows where set_id = ${setId} order by uuid limit ${removedAtOnce})`,
  );
  await forgetTerms(tx, words);
  const left = await queryOne(tx, `select from search_rows where set_id = ${setId} limit 1`);
  if (!left) await query(tx, `delete from search_sets where set_id = ${setId}`);
  return 1;
}
