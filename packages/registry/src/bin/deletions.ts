import type { Knex } from 'knex';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { RemovedCopy } from '../dossier-copies.ts';
import { book, emptyList } from '../positions.ts';
import type { ListPosition } from '../positions.ts';

/** What took dossiers away: somebody who deleted one, or many at once, or emptied a list, or took back an import. */
export type DeletionKind = 'dossier' | 'bulk' | 'purge' | 'import';

/** Begins a deletion whose rows go to the bin; returns its id. */
export async function openDeletion(tx: Knex.Transaction, { kind, by }: { kind: DeletionKind; by: string }): Promise<number> {
  const made = await queryOne<{ id: number }>(tx, `insert into deletions (kind, deleted_by) values (:kind, :by) returning id`, {
    kind,
    by,
  });
  if (!made) throw new Error('insert returned no row');
  return made.id;
}

/** A set that is a list's until it is put into the bin, or a new one for rows of a list that go there. */
interface BinnedSet {
  deletionId: number;
  listId: number;
  /** So many rows of it are in the bin. */
  rows: number;
  /** Left out: a new one. */
  setId?: number;
}

/** Says that a set is in the bin; returns it. */
export async function binSet(tx: Knex.Transaction, { deletionId, listId, rows, setId }: BinnedSet): Promise<number> {
  const made = await queryOne<{ set_id: number }>(
    tx,
    `with binned as (
       insert into binned_sets (set_id, deletion_id, list_id, list_uuid, list_name, dossier_count)
       select coalesce(:setId::bigint, nextval('set_ids')), :deletionId, id, uuid, name, :rows from watch_lists where id = :listId returning set_id, list_id
     )
     insert into sets (set_id, list_id, purpose) select set_id, list_id, 'bin' from binned
     on conflict (set_id) do update set purpose = excluded.purpose, since = age_moment() returning set_id`,
    { deletionId, listId, rows, setId: setId ?? null },
  );
  if (!made) throw new Error(`watch list ${listId} vanished under its lock`);
  return made.set_id;
}

/** A deletion to which copies of dossiers are put. */
export interface CopiesDeletion {
  kind: 'dossier' | 'bulk';
  by: string;
  /** One that took others before, which is gone on with for as long as some of them are in the bin; null: a new one. */
  id: number | null;
}

/** Puts copies of dossiers, whose lists are locked, into the bin; returns the deletion. Their photos stay, as rows in the bin show them. */
export async function binCopies(tx: Knex.Transaction, copies: readonly RemovedCopy[], deletion: CopiesDeletion): Promise<number> {
  const deletionId = (await holdDeletion(tx, deletion.id)) ?? (await openDeletion(tx, deletion));
  for (const [listId, taken] of Map.groupBy(copies, (copy) => copy.list_id)) {
    const rows = taken.length;
    const uuids = taken.map(({ uuid }) => uuid);
    const setId = taken[0]?.set_id ?? 0;
    const bin = (await growSet(tx, { deletionId, listId, setId, uuids })) ?? (await binSet(tx, { deletionId, listId, rows }));
    await moveToBin(tx, { setId, bin, which: 'd.uuid = any(:uuids::uuid[])', parameters: { uuids } });
    await book(tx, { listId, growth: -rows, changes: rows });
  }
  return deletionId;
}

/** Keeps a deletion from being restored or erased meanwhile; null if nothing of it is in the bin. */
async function holdDeletion(tx: Knex.Transaction, id: number | null): Promise<number | null> {
  if (id === null) return null;
  const sets = await query(tx, `select from binned_sets where deletion_id = :id order by set_id for update`, { id });
  return sets.length > 0 ? id : null;
}

/** Counts further rows of a list in a set that the deletion has for it and that has none of their external ids; returns the set, null if there is none. */
async function growSet(
  tx: Knex.Transaction,
  { deletionId, listId, setId, uuids }: { deletionId: number; listId: number; setId: number; uuids: readonly string[] },
): Promise<number | null> {
  const grown = await queryOne<{ set_id: number }>(
    tx,
    `update binned_sets set dossier_count = dossier_count + :rows where set_id = (
       select b.set_id from binned_sets b where b.deletion_id = :deletionId and b.list_id = :listId and not exists (
         select from dossiers d join dossiers t on t.set_id = b.set_id and t.external_id = d.external_id
         where d.set_id = ${setId} and d.uuid = any(:uuids::uuid[]))
       order by b.set_id limit 1
     ) returning set_id`,
    { deletionId, listId, uuids, rows: uuids.length },
  );
  return grown?.set_id ?? null;
}

export interface Move {
  setId: number;
  bin: number;
  /** A condition on the row `d`, with its parameters. */
  which: string;
  parameters: Record<string, unknown>;
}

/** Takes rows of a list's set, which is locked, into a set of the bin, and leaves tombstones; returns how many. They are booked by the caller. */
export async function moveToBin(tx: Knex.Transaction, { setId, bin, which, parameters }: Move): Promise<number> {
  const moved = await queryOne<{ rows: number }>(
    tx,
    `with moved as (
       update dossiers d set set_id = ${bin} where d.set_id = ${setId} and ${which} returning d.uuid
     ), told as (
       insert into tombstones (set_id, uuid, revision) select ${setId}, uuid, nextval('dossier_revisions') from moved
       on conflict (set_id, uuid) do update set revision = excluded.revision, removed_date = excluded.removed_date
     )
     select count(*) as rows from moved`,
    parameters,
  );
  return moved?.rows ?? 0;
}

/** Puts all dossiers of a list, which is locked, into the bin: its set becomes one of the bin, no row is touched. Returns the deletion. */
export async function binList(tx: Knex.Transaction, list: ListPosition, by: string): Promise<number> {
  const deletionId = await openDeletion(tx, { kind: 'purge', by });
  await binWhole(tx, list, deletionId);
  return deletionId;
}

/** The same for a deletion that was begun. */
export async function binWhole(tx: Knex.Transaction, list: ListPosition, deletionId: number): Promise<void> {
  await emptyList(tx, list.list_id);
  await binSet(tx, { deletionId, listId: list.list_id, rows: list.dossier_count, setId: list.set_id });
}
