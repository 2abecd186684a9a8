import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import { rowWords } from './lexemes.ts';
import type { Searchable } from './lexemes.ts';
import { listsBehind, setLexeme, vectorOf } from './search-index.ts';
import { soundingOf } from './similar.ts';
import type { Sounding } from './similar.ts';

/** What lists wrote after they were indexed, where it is little. */
export interface Fresh {
  readonly rows: readonly FreshRow[];
  /** Words of these rows that may be meant by one that was mistyped. */
  readonly terms: readonly Sounding[];
  /** The other lists. */
  readonly behind: readonly ListBehind[];
}

/** A row that isn't in the index yet, or otherwise. */
export interface FreshRow {
  readonly set_id: number;
  readonly uuid: string;
  readonly revision: number;
  /** Its words as PostgreSQL reads a tsvector. */
  readonly vector: string;
}

export interface ListBehind {
  readonly list_id: number;
  readonly done: number;
  readonly total: number;
}

/** Of all lists together, as are their words: whoever shares this process waits while they are read. */
const mostFresh = 400;
const mostFreshWords = 40_000;

interface LateSet {
  set_id: number;
  left: number;
  /** None where there are too many. */
  rows: (Searchable & { uuid: string; revision: number })[];
}

/** Reads what lists wrote after they were indexed, of those first that wrote the least. */
export async function readFresh(tx: Knex.Transaction, lists: readonly number[] | undefined): Promise<Fresh> {
  const late = (await listsBehind(tx)).filter(({ list_id: id }) => lists === undefined || lists.includes(id));
  if (late.length === 0) return { rows: [], terms: [], behind: [] };
  const sets = await query<LateSet>(
    tx,
    `with late as (
       select set_id, indexed, (select count(*) from (select from dossiers d where d.set_id = l.set_id and d.revision > l.indexed limit 100000) r) as left
       from unnest(:setIds::bigint[], :indexed::bigint[]) l (set_id, indexed)
     ), summed as (select *, sum("left") over (order by "left", set_id) <= ${mostFresh} as is_few from late)
     select l.set_id, l.left, array(
       select json_build_object('uuid', uuid, 'revision', revision, 'name', name, 'comment', comment, 'external_id', external_id, 'meta', meta)
       from dossiers where set_id = l.set_id and revision > l.indexed order by revision limit case when l.is_few then ${mostFresh} else 0 end
     ) as rows
     from summed l order by l.left, l.set_id`,
    { setIds: late.map(({ set_id: set }) => set), indexed: late.map(({ indexed }) => indexed) },
  );
  const { read, ...fresh } = wordsOfSets(sets);
  const leftOf = new Map(sets.map(({ set_id: set, left }) => [set, left]));
  const behind = late
    .filter(({ set_id: set }) => !read.has(set))
    .map(({ list_id: list, set_id: set, dossier_count: total }) => ({
      list_id: list,
      done: Math.max(0, total - (leftOf.get(set) ?? total)),
      total,
    }));
  return { ...fresh, behind };
}

/** The words of sets, until there are too many; `read`: of which sets they are. */
function wordsOfSets(sets: readonly LateSet[]): Omit<Fresh, 'behind'> & { read: ReadonlySet<number> } {
  const read = new Map<number, FreshRow[]>();
  const terms = new Set<string>();
  let words = 0;
  for (const { set_id: set, left, rows } of sets) {
    const fresh: FreshRow[] = [];
    for (const { uuid, revision, ...dossier } of rows) {
      const { lexemes, terms: own } = rowWords(dossier);
      words += lexemes.length;
      if (words > mostFreshWords) break;
      for (const term of own) terms.add(term);
      fresh.push({ set_id: set, uuid, revision, vector: vectorOf([...lexemes, setLexeme(set)]) });
    }
    if (fresh.length < left) break;
    read.set(set, fresh);
  }
  return { rows: [...read.values()].flat(), terms: [...terms].map((word) => soundingOf(word)), read: new Set(read.keys()) };
}
