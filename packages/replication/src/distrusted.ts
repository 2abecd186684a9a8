import type { Head } from '@dossier/protocol/feed.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * Keeps who may not read a list from here, as its master says: what this node has from there it gives to nobody whom the master gives nothing. Called before what
 * came after that is kept, so that nobody learns here what he may not learn there. Answers overtake each other by less than ten minutes, for as long as signatures hold: what one of them
 * named is kept for that time, though the next doesn't.
 * @returns whether nothing more is kept than this head names: its tag may stand for it only then
 */
export async function keepDistrusted(
  connection: Connection,
  listId: number,
  { distrusted, withheld }: Pick<Head, 'distrusted' | 'withheld'>,
): Promise<boolean> {
  const ids = [...new Set([...distrusted, ...withheld])];
  const revoked = new Set(distrusted);
  const left = await query(
    connection,
    `with said as (
       select * from unnest(:ids::text[], :revoked::boolean[]) as s (id, revoked)
     ), gone as (
       delete from distrusted where list_id = :listId and id <> all(:ids::text[]) and named_date < age_moment() - interval '10 minutes'
     ), named as (
       insert into distrusted (list_id, id, revoked) select :listId, id, revoked from said
       on conflict (list_id, id) do update set named_date = now(), revoked = distrusted.revoked or excluded.revoked,
         told = distrusted.told and (distrusted.revoked or not excluded.revoked)
         where distrusted.named_date < age_moment() - interval '1 minute' or (excluded.revoked and not distrusted.revoked)
     )
     select from distrusted where list_id = :listId and id <> all(:ids::text[]) and named_date >= age_moment() - interval '10 minutes' limit 1`,
    { listId, ids, revoked: ids.map((id) => revoked.has(id)) },
  );
  return left.length === 0;
}
