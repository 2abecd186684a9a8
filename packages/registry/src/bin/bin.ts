import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import type { DeletionKind } from './deletions.ts';

/** A list from which something in the bin was taken. */
export interface BinnedList {
  id: number;
  /** As it is called now; of one that is gone: as it was called. */
  name: string;
  there: boolean;
}

/** A dossier in the bin, by one deletion. */
export interface BinnedDossier {
  id: number;
  uuid: string;
  name: string;
  comment: string;
  external_id: string | null;
  photo_count: number;
  /** Address of the photo that is shown first. */
  face: string | null;
  lists: BinnedList[];
  deletion_id: number;
  kind: DeletionKind;
  deleted_by: string;
  deleted_date: Date;
  /** In time by which things age. */
  since: Date;
}

export interface BinFilter {
  /** Taken from at least one of these. */
  lists?: readonly number[] | undefined;
  deletion?: number | undefined;
  /** In name, comment or external id, without regard to case. */
  text?: string | undefined;
}

const listsOf = (condition: string) => `(
  select json_agg(json_build_object('id', o.list_id, 'name', coalesce(l.name, o.list_name), 'there', l.id is not null) order by o.list_id)
  from (select distinct on (o.list_id) o.* from binned_sets o where ${condition} order by o.list_id, o.set_id) o
  left join watch_lists l on l.id = o.list_id and l.uuid = o.list_uuid)`;

/** One page of the dossiers in the bin: those of the newest deletion first, each once for a deletion, by their ids. The cursor's list is the deletion. */
export async function listBin(
  connection: Connection,
  { filter, cursor, limit }: PageRequest & { filter: BinFilter },
): Promise<Page<BinnedDossier>> {
  const backwards = cursor?.direction === 'before';
  const [further, rows] = backwards ? ['>', 'desc'] : ['<', 'asc'];
  const isAsked = (set: string) =>
    `not is_withdrawn(${set}.list_id) and (:lists::bigint[] is null or ${set}.list_id = any(:lists::bigint[]))`;
  const conditions = ['d.set_id = b.set_id'];
  if (filter.text !== undefined) {
    conditions.push(
      `lower(concat_ws(E'\\n', d.name, d.comment, d.external_id) collate "und-x-icu") like lower(:pattern collate "und-x-icu")`,
    );
  }
  if (cursor) conditions.push(`(b.deletion_id ${further} :list or d.id ${backwards ? '<' : '>'} :id)`);
  const found = await query<BinnedDossier>(
    connection,
    `select d.id, d.uuid, d.name, d.comment, d.external_id, case json_typeof(d.photos) when 'array' then json_array_length(d.photos) else 0 end as photo_count,
       d.photos -> 0 ->> 'sha256' as face, x.id as deletion_id, x.kind, x.deleted_by, x.date as deleted_date, x.since,
       ${listsOf('o.deletion_id = d.deletion_id and exists (select from dossiers t where t.set_id = o.set_id and t.uuid = d.uuid)')} as lists
     from (
       select r.*, b.deletion_id from binned_sets b cross join lateral (
         select d.* from dossiers d where ${conditions.join(' and ')}
           and not exists (select from binned_sets o join dossiers t on t.set_id = o.set_id and t.uuid = d.uuid
             where o.deletion_id = b.deletion_id and o.set_id < b.set_id and ${isAsked('o')})
         order by d.id ${rows} limit :rows
       ) r
       where ${isAsked('b')} and (:deletion::bigint is null or b.deletion_id = :deletion) ${cursor ? `and b.deletion_id ${further}= :list` : ''}
       order by b.deletion_id ${backwards ? 'asc' : 'desc'}, r.id ${rows} limit :rows
     ) d join deletions x on x.id = d.deletion_id
     order by d.deletion_id ${backwards ? 'asc' : 'desc'}, d.id ${rows}`,
    {
      lists: filter.lists ?? null,
      deletion: filter.deletion ?? null,
      pattern: filter.text === undefined ? null : `%${filter.text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
      list: cursor?.list ?? null,
      id: cursor?.id ?? null,
      rows: limit + 1,
    },
  );
  return toPage(found, { cursor, limit }, (row) => ({ value: null, id: row.id, list: row.deletion_id }));
}

/** A deletion of which something is in the bin. */
export interface Deletion {
  id: number;
  kind: DeletionKind;
  deleted_by: string;
  date: Date;
  since: Date;
  /** So many are left in the bin. */
  dossier_count: number;
  lists: BinnedList[];
}

/** One page of the deletions that took many at once, newest first: of dossiers that somebody had chosen, of whole lists, and of what imports had added. */
export async function listDeletions(connection: Connection, page: PageRequest): Promise<Page<Deletion>> {
  const { condition, order } = newestFirst(page);
  const found = await query<Deletion>(
    connection,
    `select x.id, x.kind, x.deleted_by, x.date, x.since, ${listsOf('o.deletion_id = x.id')} as lists,
       (select sum(o.dossier_count)::bigint from binned_sets o where o.deletion_id = x.id) as dossier_count
     from deletions x where kind <> 'dossier' and ${condition} order by ${order} limit :rows`,
    { id: page.cursor?.id ?? null, rows: page.limit + 1 },
  );
  return toPage(found, page, ({ id }) => ({ value: null, id }));
}

/** A photo that a dossier in the bin shows; null if there is none. */
export async function findBinnedPhoto(
  connection: Connection,
  { dossier, sha256 }: { dossier: number; sha256: string },
): Promise<{ bytes: number } | null> {
  return queryOne(
    connection,
    `select (e ->> 'bytes')::int as bytes from rows_of(:dossier) d join binned_sets b on b.set_id = d.set_id and not is_withdrawn(b.list_id)
     cross join lateral json_array_elements(case json_typeof(d.photos) when 'array' then d.photos else '[]' end) e
     where e ->> 'sha256' = :sha256 limit 1`,
    { dossier, sha256 },
  );
}
