import type { Knex } from 'knex';
import { queryOne } from '@dossier/postgres/database.ts';
import type { ListHead } from './heads.ts';

/** Of a row besides its texts: the number of fields, thirteen lengths, uuid, two dates, hash, truth value, two days. */
const fixedBytes = 2 + 13 * 4 + 16 + 2 * 8 + 32 + 1 + 2 * 4;

/** What a text has as it is sent. Only where it is kept compressed has it to be unpacked to tell; a few bytes too many are no harm. */
const jsonBytes = (column: string): string =>
  `case when pg_column_compression(${column}) is null then coalesce(pg_column_size(${column}), 0) else octet_length(${column}::text) end`;

/** SQL: how many bytes the row `d` of `dossiers` has at most on the wire. */
const rowBytes = `${fixedBytes}::bigint + coalesce(octet_length(d.external_id), 0) + octet_length(d.name) + octet_length(d.comment)
  + ${['d.meta', 'd.photos', 'd.features'].map(jsonBytes).join('\n  + ')}`;

/** How many changes are looked at first: rows that are kept compressed may have to be unpacked to be measured, and mostly few fit then. */
const firstLook = 500;

/** Where a page ends. */
export interface Cut {
  /** Whether a bound ends it, or the list's head. */
  full: boolean;
  /** The revision of its last change. */
  last: number;
  /** Of its rows. */
  bytes: number;
}

/** Finds out how many changes above `since` fit a page; one is always in it. Who reads a list from its beginning holds nothing that could have left it. */
export async function cutChanges(
  snapshot: Knex.Transaction,
  head: ListHead,
  { since, rows, bytes: most }: { since: number; rows: number; bytes: number },
): Promise<Cut> {
  for (const looked of rows > firstLook ? [firstLook, rows] : [rows]) {
    const found = await queryOne<{ candidates: number; taken: number; last: number | null; bytes: number }>(
      snapshot,
      `select count(*) as candidates, count(*) filter (where fits) as taken, max(revision) filter (where fits) as last,
         coalesce(sum(bytes) filter (where fits), 0)::bigint as bytes
       from (
         select revision, bytes, sum(bytes) over (order by revision) <= :most or row_number() over (order by revision) = 1 as fits
         from (
           (select d.revision, ${rowBytes} as bytes from dossiers d
            where d.set_id = ${head.setId} and d.revision > :since order by d.revision limit :looked)
           union all
           (select revision, 0 from tombstones where set_id = ${head.setId} and revision > :since and :since > 0 order by revision limit :looked)
         ) changes order by revision limit :looked
       ) page`,
      { since, looked, most },
    );
    if (!found?.last) return { full: false, last: since, bytes: 0 };
    const { candidates, taken, last, bytes } = found;
    if (taken < candidates || candidates < looked || looked === rows)
      return { full: taken < candidates || candidates === rows, last, bytes };
  }
  throw new Error('a page was looked at and not cut');
}

/** Finds out how many of the first of some dossiers fit an answer; one is always in it. */
export async function cutRows(
  snapshot: Knex.Transaction,
  head: ListHead,
  { uuids, bytes: most }: { uuids: readonly string[]; bytes: number },
): Promise<{ taken: number; bytes: number }> {
  const found = await queryOne<{ taken: number; bytes: number }>(
    snapshot,
    `select count(*) filter (where fits) as taken, coalesce(sum(bytes) filter (where fits), 0)::bigint as bytes
     from (
       select bytes, sum(bytes) over (order by ordinal) <= :most or ordinal = 1 as fits
       from unnest(:uuids::uuid[]) with ordinality asked (uuid, ordinal) cross join lateral (
         select coalesce(max(${rowBytes}), 0) as bytes from dossiers d where d.set_id = ${head.setId} and d.uuid = asked.uuid
       ) held
     ) page`,
    { uuids, most },
  );
  return found ?? { taken: 0, bytes: 0 };
}
