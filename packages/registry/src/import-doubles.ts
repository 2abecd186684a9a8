import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A name that stands for nobody ("Unknown") may be there many thousand times: so many are looked at for each of the new ones. */
const mostOfName = 100;

/**
 * Which of these new dossiers, by their places, would most likely be somebody twice: the list holds one of the same name, dates and fields. Comments and
 * photos don't count, as those are what people add. To be called while they are not written.
 */
export async function findDoubles(connection: Connection, listId: number, fresh: readonly StoredContent[]): Promise<number[]> {
  if (fresh.length === 0) return [];
  const rows = await query<{ place: number }>(
    connection,
    `select place::int - 1 as place
     from unnest(:names::text[], :from::date[], :until::date[], :metas::text[]) with ordinality w (name, valid_from, valid_until, meta, place)
     where exists (
       select from (
         select * from dossiers d
         where d.set_id = (select set_id from list_positions where list_id = :listId) and d.name collate "und-x-icu" = w.name collate "und-x-icu"
         limit ${mostOfName}
       ) d where d.valid_from is not distinct from w.valid_from and d.valid_until is not distinct from w.valid_until and d.meta::text = w.meta
     ) order by place`,
    {
      listId,
      names: fresh.map(({ name }) => name),
      from: fresh.map(({ valid_from: from }) => from),
      until: fresh.map(({ valid_until: until }) => until),
      metas: fresh.map(({ meta }) => meta),
    },
  );
  return rows.map(({ place }) => place);
}
