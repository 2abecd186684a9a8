import type { Knex } from 'knex';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** Where a list stands, and which rows are its own. */
export interface ListPosition {
  list_id: number;
  /** The list's rows are those of this set. */
  set_id: number;
  epoch: string;
  /** The highest revision that was booked. */
  revision: number;
  floor: number;
  dossier_count: number;
  /** 64 hexadecimal digits; null while changes are not in the tree yet. */
  digest: string | null;
}

const columns = `list_id, set_id, epoch, revision, floor, dossier_count, encode(digest, 'hex') as digest`;

/**
 * Locks lists until the commit, in the order in which everybody does, and says that this transaction brings hashes and revisions of rows and books them
 * (`book`). Lists that aren't there are left out. Rows may only be read by statements after this one.
 */
export async function lockLists(tx: Knex.Transaction, listIds: readonly number[]): Promise<ListPosition[]> {
  await query(tx, `select set_config('dossier.writer', 'on', true)`);
  return query<ListPosition>(
    tx,
    `select ${columns} from list_positions where list_id = any(:listIds::bigint[]) order by list_id for no key update`,
    { listIds },
  );
}

/** Where a list stands, or null. Locks nothing. */
export async function readPosition(connection: Connection, listId: number): Promise<ListPosition | null> {
  return queryOne<ListPosition>(connection, `select ${columns} from list_positions where list_id = :listId`, { listId });
}

/** What a transaction wrote into a list. */
export interface Booking {
  listId: number;
  /** By how many dossiers the list grew. */
  growth: number;
  /** How many rows and tombstones were written. More than a thousand leave the digest to `settleDigest`. */
  changes: number;
}

/**
 * Books what this transaction wrote into a list that it has locked, once for all of it: count, head and digest. The head is the revision that the
 * session drew last, so every row must have its revision by then.
 */
export async function book(tx: Knex.Transaction, { listId, growth, changes }: Booking): Promise<void> {
  await query(tx, `select book(:listId, :growth, :changes, currval('dossier_revisions'))`, { listId, growth, changes });
}

/** The digest of a list, 64 hexadecimal digits, computed and stored where it isn't known; null if there is no such list. Waits for whoever writes the list. */
export async function settleDigest(connection: Connection, listId: number): Promise<string | null> {
  return transaction(connection, async (tx) => {
    const row = await queryOne<{ digest: string | null }>(tx, `select encode(settle_digest(:listId), 'hex') as digest`, { listId });
    return row?.digest ?? null;
  });
}

/**
 * Empties a list: it is pointed at a new set, with a new epoch that says from where it goes on. Its former rows are left to upkeep. Part of a transaction
 * that has locked the list.
 */
export async function emptyList(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `insert into sets (set_id, list_id, purpose) select set_id, list_id, 'garbage' from list_positions where list_id = :listId
     on conflict (set_id) do update set purpose = 'garbage', since = age_moment()`,
    { listId },
  );
  await query(
    tx,
    `update list_positions p set set_id = empty.set_id, epoch = gen_random_uuid(), former_epoch = p.epoch, former_revision = p.revision,
       revision = empty.head, floor = empty.head, tree_revision = empty.head, dossier_count = 0, digest = set_digest(empty.set_id),
       changed_date = clock_timestamp()
     from (select nextval('set_ids') as set_id, nextval('dossier_revisions') as head) empty where p.list_id = :listId`,
    { listId },
  );
}

/**
 * Points a list at another set whose tree is whole, with a new epoch that says from where it goes on. The set is the list's from here on; what becomes of the
 * former one is said by `purpose`. Part of a transaction that has locked the list.
 */
export async function pointAt(
  tx: Knex.Transaction,
  { listId, newSet, purpose }: { listId: number; newSet: number; purpose: 'undo' | 'garbage' },
): Promise<void> {
  await query(
    tx,
    `insert into sets (set_id, list_id, purpose) select set_id, list_id, :purpose from list_positions where list_id = :listId
     on conflict (set_id) do update set purpose = excluded.purpose, since = age_moment()`,
    { listId, purpose },
  );
  await query(tx, `delete from sets where set_id = ${newSet}`);
  await query(
    tx,
    `update list_positions p set changed_date = clock_timestamp(), set_id = ${newSet}, epoch = gen_random_uuid(), former_epoch = p.epoch, former_revision = p.revision,
       revision = head.revision, floor = head.revision, tree_revision = head.revision, digest = set_digest(${newSet}),
       dossier_count = coalesce((select count from tree_nodes where set_id = ${newSet} and prefix = ''), 0)
     from (select nextval('dossier_revisions') as revision) head where p.list_id = :listId`,
    { listId },
  );
}
