import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/* Lists that were taken from a site: what it is told whenever it comes back, and whether it has given its copy up. */

/** A list that was taken from a site which has a copy of it, as it comes out of json_build_object(). */
export interface WithdrawalRow {
  list_id: number;
  purge: boolean;
  since: string;
  /** When the site first said that it doesn't show its copy any more. */
  acknowledged_date: string | null;
  /** When it deletes the rows, as it says, or has; null where they are kept. */
  erases_date: string | null;
  erased_date: string | null;
  /** Of the nodes that have the list from it: how many haven't said so to it; null where it doesn't say. */
  unconfirmed: number | null;
}

/** Of a site `s`, for a list of columns: what is withdrawn from it and was asked for since, or is known to be held there. */
export const withdrawalsOf = `(
  select coalesce(json_agg(json_build_object('list_id', w.list_id, 'purge', w.purge, 'since', w.since, 'acknowledged_date', w.acknowledged_date,
    'erases_date', w.erases_date, 'erased_date', w.erased_date,
    'unconfirmed', w.unconfirmed) order by w.list_id), '[]')
  from withdrawals w where w.site_id = s.id and s.lists is not null and w.list_id <> all(s.lists)
    and (w.told_date is not null or exists (select from followers f where f.site_id = s.id and f.list_id = w.list_id)))`;

/**
 * Notes what is taken from a site by granting it these lists (null: all) in the place of those that it could read, whether or not it is known to hold them, and
 * forgets of what it gets back that it was taken. Part of the transaction that grants, which has locked the site.
 */
export async function noteWithdrawals(
  tx: Connection,
  { siteId, lists, purge }: { siteId: number; lists: readonly number[] | null; purge: boolean },
): Promise<void> {
  const granted = { siteId, purge, lists: lists === null ? null : [...lists] };
  await query(
    tx,
    `delete from withdrawals where site_id = :siteId and (:lists::bigint[] is null or list_id = any(:lists::bigint[]))`,
    granted,
  );
  if (lists === null) return;
  await query(tx, `update withdrawals set purge = purge or :purge where site_id = :siteId`, granted);
  await query(
    tx,
    `insert into withdrawals (site_id, list_id, list_uuid, purge)
     select s.id, l.id, l.uuid, :purge from sites s join watch_lists l on l.id <> all(:lists::bigint[])
       and (s.lists is null or l.id = any(s.lists) or exists (select from followers f where f.site_id = s.id and f.list_id = l.id))
     where s.id = :siteId on conflict do nothing`,
    granted,
  );
}

/**
 * Whether a site that may not read a list has to give its copy up, and how: if it names the list by its uuid, which only those know who could read it. Null
 * otherwise: the list isn't there for it. So also a site is told of which nothing is remembered, and one whose list was deleted after it was taken.
 */
export async function findWithdrawal(
  connection: Connection,
  list: { siteId: number; listId: number; listUuid: string },
): Promise<{ purge: boolean } | null> {
  return queryOne<{ purge: boolean }>(
    connection,
    `insert into withdrawals (site_id, list_id, list_uuid, purge, told_date)
     select :siteId, list_id, list_uuid, purge, now() from (
       select list_id, list_uuid, purge from withdrawals where site_id = :siteId and list_id = :listId and list_uuid = :listUuid
       union all select id, uuid, false from watch_lists where id = :listId and uuid = :listUuid limit 1
     ) w
     on conflict (site_id, list_uuid) do update set told_date = now() returning purge`,
    list,
  );
}

/**
 * Notes that a site has given a list up, when it deletes its rows or has, and how many nodes that have it from there haven't said so. True if it says so for the
 * first time.
 */
export async function acknowledgeWithdrawal(
  connection: Connection,
  said: { siteId: number; listId: number; listUuid: string; unconfirmed: number | null; erases: string | null; erased: string | null },
): Promise<boolean> {
  const row = await queryOne<{ first: boolean }>(
    connection,
    `with former as (select acknowledged_date from withdrawals where site_id = :siteId and list_uuid = :listUuid for update)
     update withdrawals w set acknowledged_date = coalesce(w.acknowledged_date, now()), unconfirmed = :unconfirmed, erases_date = :erases::timestamptz,
       erased_date = coalesce(w.erased_date, :erased::timestamptz)
     from former where site_id = :siteId and list_uuid = :listUuid returning former.acknowledged_date is null as first`,
    said,
  );
  return row?.first === true;
}

/** How many nodes that had a list from this one haven't said that they gave it up. */
export async function countUnconfirmed(connection: Connection, listId: number): Promise<number> {
  const row = await queryOne<{ count: number }>(
    connection,
    `select count(*) as count from followers where list_id = :listId and state is distinct from 'withdrawn'`,
    { listId },
  );
  return row?.count ?? 0;
}
