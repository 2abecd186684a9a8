import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * What the number shows under which something was said.
 *
 * - `new`: nothing; `replayed`: it is the same as before, as it was signed.
 * - `copied`: there are two of the site. The number was used for something else, or lies behind one that was used a quarter of an hour ago, or in its hundred.
 */
export type NumberVerdict = 'new' | 'replayed' | 'copied';

/**
 * Keeps that a site has said something under a number, which its database gives once, a hundred to a process for a minute. Two workers or hosts of one site overtake
 * each other by less than a signature holds, twice five minutes; a copy of the database gives numbers that were given before, and who only has the key has none.
 */
export async function noteNumber(
  connection: Connection,
  { siteId, number, signature }: { siteId: number; number: number; signature: string },
): Promise<NumberVerdict> {
  const found = await queryOne<{ verdict: NumberVerdict }>(
    connection,
    `with past as (
       delete from site_numbers where site_id = :siteId and date < age_moment() - interval '15 minutes' and set_config('synchronous_commit', 'off', true) is not null
       returning number
     ), passed as (
       update sites set passed_number = greatest(passed_number, (select max(number) from past)) where id = :siteId and exists (select from past)
     ), said as (
       insert into site_numbers (site_id, number, signature) values (:siteId, :number, :signature) on conflict do nothing
     )
     select case when n.signature = :signature then 'replayed'
       when n.signature is not null or (s.passed_number - 1) / ${drawn} >= (:number::bigint - 1) / ${drawn} then 'copied' else 'new' end as verdict
     from sites s left join site_numbers n on n.site_id = s.id and n.number = :number where s.id = :siteId`,
    { siteId, number, signature },
  );
  return found?.verdict ?? 'new';
}

/** As many numbers as a site draws at once. */
const drawn = 100;

/** Whether a site has given numbers since a person last looked at it. */
export async function hasNumbered(connection: Connection, siteId: number): Promise<boolean> {
  const found = await queryOne(
    connection,
    `select from sites s where id = :siteId and (passed_number is not null or exists (select from site_numbers n where n.site_id = s.id))`,
    { siteId },
  );
  return found !== null;
}

/** Lets a site begin anew, as a person has looked at it. */
export async function forgetNumbers(connection: Connection, siteId: number): Promise<void> {
  await query(connection, `delete from site_numbers where site_id = :siteId`, { siteId });
  await query(connection, `update sites set passed_number = null where id = :siteId`, { siteId });
}
