import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * Keeps that a site has said something under a number, which its database gives once. Two workers or hosts of one site overtake each other by less than a signature
 * holds, twice five minutes; a copy of the database gives numbers that were given before.
 * @returns whether that shows a copy: the number was used for something else, or lies behind one that was used a quarter of an hour ago
 */
export async function noteNumber(
  connection: Connection,
  { siteId, number, signature }: { siteId: number; number: number; signature: string },
): Promise<boolean> {
  const found = await queryOne<{ copied: boolean }>(
    connection,
    `with past as (
       delete from site_numbers where site_id = :siteId and date < now() - interval '15 minutes' and set_config('synchronous_commit', 'off', true) is not null
       returning number
     ), passed as (
       update sites set passed_number = greatest(passed_number, (select max(number) from past)) where id = :siteId and exists (select from past)
     ), said as (
       insert into site_numbers (site_id, number, signature) values (:siteId, :number, :signature) on conflict do nothing
     )
     select coalesce(s.passed_number >= :number, false)
       or exists (select from site_numbers n where n.site_id = :siteId and n.number = :number and n.signature <> :signature) as copied
     from sites s where s.id = :siteId`,
    { siteId, number, signature },
  );
  return found?.copied === true;
}

/** Lets a site begin anew, as a person has looked at it. */
export async function forgetNumbers(connection: Connection, siteId: number): Promise<void> {
  await query(connection, `delete from site_numbers where site_id = :siteId`, { siteId });
  await query(connection, `update sites set passed_number = null where id = :siteId`, { siteId });
}
