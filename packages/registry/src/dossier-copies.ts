import type { Knex } from 'knex';
import { dossierHash } from '@dossier/domain/dossier-hash.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { ApplicationError, badParam, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { ListSet } from './dossier-pages.ts';
import { noteGarbage } from './photo-garbage.ts';
import { book, lockLists } from './positions.ts';
import type { ListPosition } from './positions.ts';

/** A dossier's row in one list. */
export interface Copy extends StoredContent {
  list_id: number;
  set_id: number;
  uuid: string;
  id: number;
  hash: string;
  /** As PostgreSQL prints it, with microseconds. */
  created_date: string;
}

const selectCopies = `
  select p.list_id, p.set_id, d.uuid, d.id, encode(d.hash, 'hex') as hash, d.created_date::text as created_date, d.active, d.external_id, d.name,
    d.comment, d.valid_from::text as valid_from, d.valid_until::text as valid_until, d.meta::text as meta, d.photos::text as photos,
    d.features::text as features
  from rows_of(:id) d join list_positions p on p.set_id = d.set_id
  order by d.modified_date desc, p.list_id`;

/** A dossier whose lists this transaction has locked. */
export interface HeldDossier {
  /** In all lists that hold it, the newest first. */
  copies: [Copy, ...Copy[]];
  /** The locked lists: those that hold it, and those that were asked for besides. */
  lists: ListPosition[];
}

/** Locks the lists that hold a dossier, and others besides, and reads it; NOT_FOUND if there is none, BAD_PARAM if one of the others isn't there. */
export async function holdDossier(tx: Knex.Transaction, id: number, besides: readonly number[] = []): Promise<HeldDossier> {
  const { rows, lists } = await holdListsOf(tx, () => query<Copy>(tx, selectCopies, { id }), besides);
  const [newest, ...others] = rows;
  if (newest === undefined) throw notFound(`dossier ${id}`);
  // Another one of the same number can only have been written by hand.
  return { copies: [newest, ...others.filter((copy) => copy.uuid === newest.uuid)], lists };
}

/** Locks the lists of the rows that `read` gives, and others besides, and reads the rows again under the locks. BAD_PARAM as above. */
export async function holdListsOf<Row extends { list_id: number }>(
  tx: Knex.Transaction,
  read: () => Promise<Row[]>,
  besides: readonly number[],
): Promise<{ rows: Row[]; lists: ListPosition[] }> {
  let known = await read();
  await query(tx, 'savepoint unlocked');
  for (;;) {
    const lists = await holdLists(tx, [...new Set([...besides, ...known.map((row) => row.list_id)])], besides);
    const held = new Set(lists.map((list) => list.list_id));
    const rows = await read();
    if (rows.every((row) => held.has(row.list_id))) return { rows, lists };
    // One came into a further list before the locks were granted: they are given up, and all are taken in the order of their ids.
    await query(tx, 'rollback to savepoint unlocked');
    known = rows;
  }
}

/** Locks lists; BAD_PARAM names those of `required` that aren't there. */
export async function holdLists(tx: Knex.Transaction, ids: readonly number[], required = ids): Promise<ListPosition[]> {
  const held = await lockLists(tx, ids);
  const there = new Set(held.map((list) => list.list_id));
  const missing = required.filter((list) => !there.has(list));
  if (missing.length > 0) throw badParam('dossier_lists', `dossier_lists: there is no watch list ${missing.slice(0, 10).join(', ')}.`);
  return held;
}

/** CONFLICT if one of the lists has another dossier of this external id. */
async function requireFreeExternalId(
  tx: Knex.Transaction,
  lists: readonly ListSet[],
  { uuid, externalId }: { uuid: string; externalId: string | null },
) {
  if (externalId === null || lists.length === 0) return;
  const taken = await queryOne<{ list_id: number; name: string; id: number }>(
    tx,
    `select l.id as list_id, l.name, d.id from unnest(:lists::bigint[], :sets::bigint[]) s (list_id, set_id)
     join watch_lists l on l.id = s.list_id join dossiers d on d.set_id = s.set_id and d.external_id = :externalId and d.uuid <> :uuid
     order by l.id limit 1`,
    { uuid, externalId, lists: lists.map((list) => list.list_id), sets: lists.map((list) => list.set_id) },
  );
  if (!taken) return;
  throw new ApplicationError(
    'CONFLICT',
    `external_id: dossier ${taken.id} of the watch list ${taken.list_id} (${taken.name}) has it already.`,
    { param: 'external_id', dossiers: [taken.id] },
  );
}

interface Identity {
  uuid: string;
  id: number;
  /** As PostgreSQL prints it; null: now. */
  createdDate: string | null;
}

/** Writes new rows of one dossier, one into each of these lists, which are locked. CONFLICT if its external id is taken in one of them. */
export async function insertCopies(
  tx: Knex.Transaction,
  lists: readonly ListSet[],
  { uuid, id, createdDate }: Identity,
  content: StoredContent,
) {
  if (lists.length === 0) return;
  await requireFreeExternalId(tx, lists, { uuid, externalId: content.external_id });
  const sets = lists.map((list) => list.set_id);
  await query(
    tx,
    `insert into dossiers (set_id, uuid, id, created_date, modified_date, hash, active, external_id, name, comment, valid_from, valid_until, meta, photos, features)
     select set_id, :uuid, :id, coalesce(:createdDate::timestamptz, moment), moment, decode(:hash, 'hex'), :active, :external_id, :name, :comment, :valid_from,
       :valid_until, :meta, :photos, :features
     from unnest(:sets::bigint[]) set_id cross join (select clock_timestamp() as moment offset 0) now`,
    { ...content, uuid, id, createdDate, sets, hash: dossierHash(content) },
  );
  await query(tx, `delete from tombstones where uuid = :uuid and set_id = any(:sets::bigint[])`, { uuid, sets });
  for (const { list_id: listId } of lists) await book(tx, { listId, growth: 1, changes: 1 });
}

/**
 * Gives those copies this content that have another one; a copy that is equal stays as it is, with its date, unless all are `renewed`: somebody vouched for
 * them. CONFLICT if the external id is taken.
 */
export async function updateCopies(
  tx: Knex.Transaction,
  copies: readonly Copy[],
  content: StoredContent,
  { renewed = false } = {},
): Promise<void> {
  const hash = dossierHash(content);
  const stale = copies.filter((copy) => renewed || copy.hash !== hash);
  const [first] = stale;
  if (first === undefined) return;
  const { uuid } = first;
  await requireFreeExternalId(tx, stale, { uuid, externalId: content.external_id });
  await query(
    tx,
    `update dossiers set active = :active, external_id = :external_id, name = :name, comment = :comment, valid_from = :valid_from,
       valid_until = :valid_until, meta = :meta, photos = :photos, features = :features, hash = decode(:hash, 'hex'),
       revision = nextval('dossier_revisions'), modified_date = moment
     from (select clock_timestamp() as moment offset 0) now where uuid = :uuid and set_id = any(:sets::bigint[])`,
    { ...content, hash, uuid, sets: stale.map((copy) => copy.set_id) },
  );
  for (const { list_id: listId } of stale) await book(tx, { listId, growth: 0, changes: 1 });
  await noteUnshown(tx, stale, content.photos);
}

/** A row that is taken from its list. */
export type RemovedCopy = Pick<Copy, 'list_id' | 'set_id' | 'uuid' | 'photos'>;

/** Takes these copies of dossiers from their lists, which are locked. Photos that are in none of the `kept` are noted for collection. */
export async function removeCopies(tx: Knex.Transaction, copies: readonly RemovedCopy[], kept = ''): Promise<void> {
  if (copies.length === 0) return;
  const parameters = { uuids: copies.map((copy) => copy.uuid), sets: copies.map((copy) => copy.set_id) };
  const removed = `unnest(:sets::bigint[], :uuids::uuid[]) r (set_id, uuid)`;
  await query(tx, `delete from dossiers d using ${removed} where d.set_id = r.set_id and d.uuid = r.uuid`, parameters);
  await query(
    tx,
    `insert into tombstones (set_id, uuid, revision) select set_id, uuid, nextval('dossier_revisions') from ${removed}
     on conflict (set_id, uuid) do update set revision = excluded.revision, removed_date = excluded.removed_date`,
    parameters,
  );
  for (const [listId, { length: changes }] of Map.groupBy(copies, (copy) => copy.list_id)) {
    await book(tx, { listId, growth: -changes, changes });
  }
  await noteUnshown(tx, copies, kept);
}

async function noteUnshown(tx: Knex.Transaction, copies: readonly RemovedCopy[], shown: string): Promise<void> {
  const addresses = copies.flatMap(({ photos }) => photos.match(/[0-9a-f]{64}/g) ?? []).filter((address) => !shown.includes(address));
  await noteGarbage(tx, addresses);
}
