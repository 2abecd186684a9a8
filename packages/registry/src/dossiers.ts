import type { Meta } from '@dossier/domain/dossier.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Cursor, Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { pageStatement } from './dossier-pages.ts';
import type { DossierFilter, DossierOrdering, ListSet } from './dossier-pages.ts';

/** A dossier as people see it. */
export interface DossierRow {
  id: number;
  /** Its identity on all nodes. */
  uuid: string;
  name: string;
  comment: string;
  active: boolean;
  /** `YYYY-MM-DD`, both included; null: without this bound. */
  valid_from: string | null;
  valid_until: string | null;
  meta: Meta;
  external_id: string | null;
  photo_count: number;
  /** The address of the photo that is shown; null without photos. */
  face: string | null;
  created_date: Date;
  modified_date: Date;
  /** Of the content, 64 hexadecimal digits. */
  hash: string;
  /** Ids of the watch lists that hold it, ascending. */
  lists: number[];
}

/** A row `d` as `DossierRow` has it, without its lists. Photos that somebody wrote by hand may be none. */
export const dossierColumns = `
  d.id, d.uuid, d.name, d.comment, d.active, d.valid_from::text as valid_from, d.valid_until::text as valid_until, d.meta, d.external_id,
  case json_typeof(d.photos) when 'array' then json_array_length(d.photos) else 0 end as photo_count,
  case json_typeof(d.photos) when 'array' then substring(d.photos -> 0 ->> 'sha256' from '^[0-9a-f]{64}$') end as face,
  d.created_date, d.modified_date, encode(d.hash, 'hex') as hash`;

export interface DossierListing extends PageRequest {
  filter: DossierFilter;
  ordering: DossierOrdering;
  descending: boolean;
}

type FoundRow = DossierRow & {
  /** The value of the ordering column as text. */
  key: string | null;
  /** The list whose copy of the dossier this is. */
  list_id: number;
  /** A list of the filter with a lower id holds an equal copy, which is shown instead. */
  repeated: boolean;
};

/** Sees beyond the page's end in either direction, past a row of the list in which the page before ended. */
const beyond = 2;

/**
 * One page of the dossiers that pass the filter. Ties are broken by id and list, so that pages neither repeat nor skip a row. A dossier that several lists
 * hold is shown once where the copies are equal, and each copy where they are not. A list's rows are read in the order asked for, no more of them than the
 * page is long.
 */
export async function listDossiers(connection: Connection, listing: DossierListing): Promise<Page<DossierRow>> {
  const lists = await findLists(connection, listing.filter);
  const wanted = listing.limit + beyond;
  const found: FoundRow[] = [];
  let { cursor } = listing;
  // Equal copies nearly always have equal dates, and then the first reading is enough.
  while (lists.length > 0) {
    const read = await readRows(connection, { ...listing, cursor, limit: wanted }, lists);
    found.push(...read.filter((row) => !row.repeated));
    const last = read.at(-1);
    if (last === undefined || read.length < wanted - 1 || found.length > listing.limit) break;
    cursor = { ...placeOf(last), direction: listing.cursor?.direction ?? 'after' };
  }
  const page = toPage(found, listing, placeOf);
  return { ...page, rows: page.rows.map(({ key: _key, list_id: _list, repeated: _repeated, ...row }) => row) };
}

function placeOf({ key, id, list_id: list }: FoundRow): Omit<Cursor, 'direction'> {
  return { value: key, id, list };
}

/** The sets of the lists that are looked through. A list that is pointed at another set a moment later is seen as it was until then. */
async function findLists(connection: Connection, { lists }: DossierFilter): Promise<ListSet[]> {
  return query(
    connection,
    `select list_id, set_id from list_positions where :lists::bigint[] is null or list_id = any(:lists::bigint[]) order by list_id`,
    { lists: lists ?? null },
  );
}

async function readRows(connection: Connection, listing: DossierListing, lists: readonly ListSet[]): Promise<FoundRow[]> {
  const { page, parameters } = pageStatement(listing, lists);
  return query<FoundRow>(
    connection,
    `with page as materialized (${page})
     select ${dossierColumns}, page.key, page.list_id, held.lists, held.repeated
     from page
     cross join lateral (select * from dossiers where set_id = page.set_id and uuid = page.uuid limit 1) d
     cross join lateral (
       select json_agg(p.list_id order by p.list_id) as lists,
         bool_or(p.list_id < page.list_id and copy.hash = page.hash and (:lists::bigint[] is null or p.list_id = any(:lists::bigint[]))) as repeated
       from rows_of(page.id) copy join list_positions p on p.set_id = copy.set_id where copy.uuid = page.uuid
     ) held
     order by page.place`,
    parameters,
  );
}

/** The rows of the dossier `:id` in all lists. */
const copies = `select p.list_id, d.* from rows_of(:id) d join list_positions p on p.set_id = d.set_id`;

/** The dossier of this id: of several copies, in these lists (null: in all), the newest, by date, then by list. NOT_FOUND if there is none. */
export async function readDossier(connection: Connection, id: number, lists: readonly number[] | null = null): Promise<DossierRow> {
  const dossier = await queryOne<DossierRow>(
    connection,
    `with copies as materialized (${copies} where :lists::bigint[] is null or p.list_id = any(:lists::bigint[]))
     select ${dossierColumns}, (select json_agg(list_id order by list_id) from copies where uuid = d.uuid) as lists
     from copies d order by d.modified_date desc, d.list_id limit 1`,
    { id, lists: lists && [...lists] },
  );
  if (!dossier) throw notFound(`dossier ${id}`);
  return dossier;
}

/** Whether a list that holds the dossier of this id demands that changes say what they change. */
export async function isMatchRequired(connection: Connection, id: number): Promise<boolean> {
  const list = await queryOne(
    connection,
    `select from rows_of(:id) d join list_positions p on p.set_id = d.set_id join watch_lists l on l.id = p.list_id where l.require_match limit 1`,
    { id },
  );
  return list !== null;
}
