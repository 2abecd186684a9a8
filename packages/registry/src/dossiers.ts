import type { Knex } from 'knex';
import type { Json } from '@dossier/domain/dossier.ts';
import { badParam, notFound } from '@dossier/runtime/errors.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';
import { readOnly, requireWritable } from './read-only.ts';

export type Meta = { [key: string]: Json };

/** A dossier as people see it. */
export interface DossierRow {
  id: number;
  name: string;
  comment: string;
  active: boolean;
  meta: Meta;
  external_id: string | null;
  photo_count: number;
  created_date: Date;
  modified_date: Date;
  /** Ids of the watch lists that hold it, ascending. */
  lists: number[];
}

export interface DossierContent {
  name: string;
  comment: string;
  active: boolean;
  meta: Meta;
  external_id: string | null;
  lists: readonly number[];
}

const columns = `
  d.id, d.name, d.comment, d.active, d.meta, d.external_id, d.photo_count, d.created_date, d.modified_date,
  coalesce((select json_agg(m.list_id order by m.list_id) from memberships m where m.dossier = d.uuid), '[]') as lists`;

export const dossierOrderings = ['id', 'name', 'created_date', 'modified_date'] as const;
export type DossierOrdering = (typeof dossierOrderings)[number];

/** Per ordering: the expression that orders, its value as text for a cursor, and the cursor's value brought back. */
const keys: Record<Exclude<DossierOrdering, 'id'>, { expression: string; text: string; value: string }> = {
  name: { expression: `d.name collate "und-x-icu"`, text: 'd.name', value: ':value' },
  created_date: dateKey('created_date'),
  modified_date: dateKey('modified_date'),
};

function dateKey(column: string): { expression: string; text: string; value: string } {
  // Text with microseconds: a JavaScript Date would lose three digits and with them rows.
  return { expression: `d.${column}`, text: `cast(d.${column} as text)`, value: 'cast(:value as timestamptz)' };
}

export interface DossierFilter {
  /** In at least one of these. */
  lists?: readonly number[] | undefined;
  nameContains?: string | undefined;
  active?: boolean | undefined;
  externalId?: string | undefined;
}

export interface DossierListing extends PageRequest {
  filter: DossierFilter;
  ordering: DossierOrdering;
  descending: boolean;
}

/** Names are compared without regard to case in all scripts; the needle's `%` and `_` stand for themselves. */
function contentConditions(filter: DossierFilter): string[] {
  const conditions: string[] = [];
  if (filter.nameContains !== undefined) {
    conditions.push(`lower(d.name collate "und-x-icu") like lower(:pattern collate "und-x-icu")`);
  }
  if (filter.active !== undefined) conditions.push(`d.active = :active`);
  if (filter.externalId !== undefined) conditions.push(`d.external_id = :externalId`);
  return conditions;
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
}

/** Members of lists that are a larger share of the node are rarely far, and too many to look at all of them. */
const largeShare = 0.25;

/**
 * One page of the dossiers that pass the filter. Ties are broken by id, so that pages neither repeat nor skip a row.
 *
 * The dossiers of a list were often made together, and those that come before them by id or date may be a hundred times as many. A list is therefore
 * looked for among as many of the next dossiers as it has members, and if they don't fill the page among its members, so that a page's cost is bounded by
 * the length of the list and not by that of the others. Either way a page comes from one statement.
 */
export async function listDossiers(connection: Connection, listing: DossierListing): Promise<Page<DossierRow>> {
  const { lists, externalId } = listing.filter;
  const rows = lists && externalId === undefined ? await readLists(connection, listing, lists) : await walk(connection, listing, null);
  return toPage(rows, listing, (row) => ({ value: row.key, id: row.id }));
}

async function readLists(connection: Connection, listing: DossierListing, lists: readonly number[]): Promise<KeyedRow[]> {
  const { members, dossiers } = await countMembers(connection, lists);
  // A list that is empty by its counter is looked for as others are if it has members after all.
  if (members === 0) return (await hasMembers(connection, lists)) ? walk(connection, listing, null) : [];
  if (members > largeShare * dossiers) return walk(connection, listing, null);
  if (listing.ordering === 'name') {
    // Names of a list are all over the order: for each dossier of the page about (dossiers / members) would be walked past.
    return members * members < listing.limit * dossiers ? readMembers(connection, listing) : walk(connection, listing, null);
  }
  const met = members > listing.limit ? await walk(connection, listing, members) : [];
  return met.length > listing.limit ? met : readMembers(connection, listing);
}

async function hasMembers(connection: Connection, lists: readonly number[]): Promise<boolean> {
  const row = await queryOne<{ has: boolean }>(
    connection,
    `select exists (select from memberships where list_id = any(cast(:lists as bigint[]))) as has`,
    { lists: `{${lists.join(',')}}` },
  );
  return row?.has ?? false;
}

/** Memberships of the lists, where a dossier in two of them counts twice, and about how many dossiers the node has. */
async function countMembers(connection: Connection, lists: readonly number[]): Promise<{ members: number; dossiers: number }> {
  const counted = await preparedOne<{ members: number; dossiers: number }>(connection, 'count members', {
    sql: `select coalesce(sum(dossier_count), 0)::bigint as members, (select reltuples from pg_class where oid = 'dossiers'::regclass) as dossiers
      from list_positions where list_id = any(cast(:lists as bigint[]))`,
    parameters: { lists: `{${lists.join(',')}}` },
  });
  return counted ?? { members: 0, dossiers: 0 };
}

type KeyedRow = DossierRow & { key: string | null };

/** Looks at one dossier after another in the order asked for, at no more than `walked` if that is a number. */
function walk(connection: Connection, listing: DossierListing, walked: number | null): Promise<KeyedRow[]> {
  const { cursorConditions, order } = orderOf(listing);
  const conditions = contentConditions(listing.filter);
  const next =
    walked === null ? 'dossiers d' : `(select * from dossiers d ${whereAll(cursorConditions)} order by ${order} limit :walked) d`;
  return readPage(connection, listing, {
    source: `${next} ${listing.filter.lists ? membersOnly : ''}`,
    conditions: walked === null ? [...cursorConditions, ...conditions] : conditions,
    walked,
  });
}

/** Looks at all members of the lists. */
function readMembers(connection: Connection, listing: DossierListing): Promise<KeyedRow[]> {
  const conditions = [...orderOf(listing).cursorConditions, ...contentConditions(listing.filter)];
  return readPage(connection, listing, { source: ofMembers, conditions, walked: null });
}

// Limits of one row have the planner look each one up by its key, where it would often read all of the other table for a page; `offset 0` keeps it from
// looking through a whole list for a dossier, as it does while it doesn't know yet how long the list is.
const membersOnly = `cross join lateral (
  select from (select list_id from memberships where dossier = d.uuid offset 0) m where m.list_id = any(cast(:lists as bigint[])) limit 1
) member`;
const ofMembers = `(select distinct dossier from memberships where list_id = any(cast(:lists as bigint[]))) member
  cross join lateral (select * from dossiers where uuid = member.dossier limit 1) d`;

/** How the rows of a page follow each other, and where the page begins, in SQL. */
function orderOf({ ordering, descending, cursor }: DossierListing): { cursorConditions: string[]; order: string } {
  const key = ordering === 'id' ? null : keys[ordering];
  const forwards = cursor?.direction !== 'before';
  const ascending = forwards !== descending;
  const comparison = ascending ? '>' : '<';
  const begins = key ? `(${key.expression}, d.id) ${comparison} (${key.value}, :id)` : `d.id ${comparison} :id`;
  const direction = ascending ? 'asc' : 'desc';
  return { cursorConditions: cursor ? [begins] : [], order: `${key ? `${key.expression} ${direction}, ` : ''}d.id ${direction}` };
}

interface PageSource {
  /** Where the dossiers `d` come from. */
  source: string;
  conditions: readonly string[];
  walked: number | null;
}

function readPage(connection: Connection, listing: DossierListing, { source, conditions, walked }: PageSource): Promise<KeyedRow[]> {
  const { filter, ordering, cursor } = listing;
  return query<KeyedRow>(
    connection,
    `select ${columns}, ${ordering === 'id' ? 'null' : keys[ordering].text} as key
     from ${source} ${whereAll(conditions)} order by ${orderOf(listing).order} limit :rows`,
    {
      rows: listing.limit + 1,
      walked,
      value: cursor?.value ?? null,
      id: cursor?.id ?? null,
      lists: filter.lists ? `{${filter.lists.join(',')}}` : null,
      pattern: filter.nameContains === undefined ? null : `%${filter.nameContains.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
      active: filter.active ?? null,
      externalId: filter.externalId ?? null,
    },
  );
}

/** The dossier of this id; NOT_FOUND if there is none. */
export async function readDossier(connection: Connection, id: number): Promise<DossierRow> {
  const dossier = await queryOne<DossierRow>(connection, `select ${columns} from dossiers d where d.id = :id`, { id });
  if (!dossier) throw notFound(`dossier ${id}`);
  return dossier;
}

/** Locks the lists' counters in the order in which everybody takes them; BAD_PARAM names a list that isn't there. */
async function holdLists(tx: Knex.Transaction, lists: readonly number[]): Promise<void> {
  const held = await query<{ list_id: number }>(
    tx,
    `select list_id from list_positions where list_id = any(cast(:lists as bigint[])) order by list_id for no key update`,
    { lists: `{${lists.join(',')}}` },
  );
  const there = new Set(held.map((row) => row.list_id));
  const missing = lists.filter((list) => !there.has(list));
  if (missing.length > 0) throw badParam('dossier_lists', `There is no watch list ${missing.slice(0, 10).join(', ')}.`);
}

async function insertMemberships(tx: Knex.Transaction, uuid: string, lists: readonly number[]): Promise<void> {
  await query(
    tx,
    `insert into memberships (list_id, dossier) select list_id, cast(:uuid as uuid) from unnest(cast(:lists as bigint[])) as list_id`,
    { uuid, lists: `{${lists.join(',')}}` },
  );
}

/** Makes a dossier in the given lists. READ_ONLY on a slave; CONFLICT if its external id is taken. */
export async function createDossier(database: Database, content: DossierContent): Promise<DossierRow> {
  const lists = [...new Set(content.lists)];
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const made = await queryOne<{ uuid: string; id: number }>(
      tx,
      `insert into dossiers (name, comment, active, meta, external_id)
       values (:name, :comment, :active, cast(:meta as jsonb), :externalId) returning uuid, id`,
      {
        name: content.name,
        comment: content.comment,
        active: content.active,
        meta: JSON.stringify(content.meta),
        externalId: content.external_id,
      },
    );
    if (!made) throw new Error('insert returned no row');
    await holdLists(tx, lists);
    await insertMemberships(tx, made.uuid, lists);
    return readDossier(tx, made.id);
  });
}

/** Locks a dossier against all other changes and returns its uuid; NOT_FOUND if there is none. */
async function holdDossier(tx: Knex.Transaction, id: number): Promise<string> {
  const held = await queryOne<{ uuid: string }>(tx, `select uuid from dossiers where id = :id for update`, { id });
  if (!held) throw notFound(`dossier ${id}`);
  return held.uuid;
}

export type DossierChange = { [Field in keyof DossierContent]?: DossierContent[Field] | undefined };

/**
 * Changes the given fields of a dossier. What is equal already changes nothing: neither its modified date nor any list's revision.
 * READ_ONLY on a slave; CONFLICT if the external id is taken.
 */
export async function updateDossier(database: Database, id: number, change: DossierChange): Promise<DossierRow> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const uuid = await holdDossier(tx, id);
    const dossier = await readDossier(tx, id);
    const lists = change.lists ? [...new Set(change.lists)] : dossier.lists;
    const added = lists.filter((list) => !dossier.lists.includes(list));
    const removed = dossier.lists.filter((list) => !lists.includes(list));
    await holdLists(tx, [...dossier.lists, ...added]);
    await query(
      tx,
      `update dossiers
       set name = :name, comment = :comment, active = :active, meta = coalesce(cast(:meta as jsonb), meta), external_id = :externalId,
         modified_date = clock_timestamp()
       where uuid = :uuid and (cast(:moved as boolean)
         or (name, comment, active, meta, external_id)
           is distinct from (:name, :comment, :active, coalesce(cast(:meta as jsonb), meta), :externalId))`,
      {
        uuid,
        moved: added.length + removed.length > 0,
        name: change.name ?? dossier.name,
        comment: change.comment ?? dossier.comment,
        active: change.active ?? dossier.active,
        // Left to the database where it stays: numbers beyond JavaScript's precision would not survive the way through here.
        meta: change.meta ? JSON.stringify(change.meta) : null,
        externalId: change.external_id === undefined ? dossier.external_id : change.external_id,
      },
    );
    // A dossier that leaves its last list is deleted: so it joins before it leaves.
    if (added.length > 0) await insertMemberships(tx, uuid, added);
    if (removed.length > 0) {
      await query(tx, `delete from memberships where dossier = :uuid and list_id = any(cast(:removed as bigint[]))`, {
        uuid,
        removed: `{${removed.join(',')}}`,
      });
    }
    return readDossier(tx, id);
  });
}

/** Deletes a dossier and its photos, and returns what it was. READ_ONLY on a slave: see deleteOffline. */
export async function deleteDossier(database: Database, id: number): Promise<DossierRow> {
  return transaction(database, async (tx) => {
    await requireWritable(tx);
    const uuid = await holdDossier(tx, id);
    const dossier = await readDossier(tx, id);
    await query(tx, `delete from dossiers where uuid = :uuid`, { uuid });
    return dossier;
  });
}

/**
 * The masters of which a dossier is a replica, and whether this node is a slave at all: then no other dossier can be deleted here. NOT_FOUND
 * if there is no such dossier.
 */
export async function findDeletionMasters(connection: Connection, id: number): Promise<{ slave: boolean; masters: string[] }> {
  const [found] = await query<{ slave: boolean; masters: string[] }>(
    connection,
    `select exists (select from links) as slave, array(
       select distinct k.remote_url from links k join memberships m on m.list_id = k.slave_list_id where m.dossier = d.uuid
     ) as masters
     from dossiers d where d.id = :id`,
    { id },
  );
  if (!found) throw notFound(`dossier ${id}`);
  return found;
}

export interface OfflineDeletion {
  id: number;
  /** Who deletes, for the journal. */
  deletedBy: string;
  /** Addresses of masters that were found to be away a moment ago. */
  unavailableMasters: readonly string[];
}

export type OfflineDeletionOutcome =
  | { outcome: 'deleted'; dossier: DossierRow }
  /** Nothing was deleted: the dossier is also a replica of these masters, whose absence is not known yet. */
  | { outcome: 'ask'; masters: string[] }
  /** Nothing was deleted: the node has no link (any more). */
  | { outcome: 'no slave' };

/**
 * Deletes a dossier of a replica whose masters are all away and journals the deletion for each of its replicas. A dossier in no
 * replica is READ_ONLY.
 */
export async function deleteOffline(database: Database, deletion: OfflineDeletion): Promise<OfflineDeletionOutcome> {
  return transaction(database, async (tx) => {
    const uuid = await holdDossier(tx, deletion.id);
    const links = await query<{ slave_list_id: number; remote_url: string; member: boolean }>(
      tx,
      `select k.slave_list_id, k.remote_url, exists (
         select from memberships m where m.dossier = :uuid and m.list_id = k.slave_list_id
       ) as member
       from links k order by k.slave_list_id for key share of k`,
      { uuid },
    );
    if (links.length === 0) return { outcome: 'no slave' };
    const replicas = links.filter((link) => link.member);
    if (replicas.length === 0) throw readOnly(links.map((link) => link.remote_url));
    const masters = [...new Set(replicas.map((link) => link.remote_url))];
    const unknown = masters.filter((master) => !deletion.unavailableMasters.includes(master));
    if (unknown.length > 0) return { outcome: 'ask', masters: unknown };
    await query(
      tx,
      `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, external_id, deleted_by)
       select list_id, d.uuid, d.id, d.name, d.external_id, :deletedBy
       from dossiers d cross join unnest(cast(:lists as bigint[])) as list_id where d.uuid = :uuid`,
      { uuid, deletedBy: deletion.deletedBy, lists: `{${replicas.map((link) => link.slave_list_id).join(',')}}` },
    );
    const dossier = await readDossier(tx, deletion.id);
    await query(tx, `delete from dossiers where uuid = :uuid`, { uuid });
    return { outcome: 'deleted', dossier };
  });
}
