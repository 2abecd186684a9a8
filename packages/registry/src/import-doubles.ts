import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { readPosition } from './positions.ts';

/** A name that stands for nobody ("Unknown") may be there many thousand times: so many of one name are looked at. */
const mostOfName = 100;

/**
 * Which of these new dossiers, by their places, would most likely be somebody twice: the list holds one of the same name, dates and fields. Comments and
 * photos don't count, as those are what people add. To be called while they are not written.
 */
export async function findDoubles(connection: Connection, listId: number, fresh: readonly StoredContent[]): Promise<number[]> {
  const position = fresh.length === 0 ? null : await readPosition(connection, listId);
  if (!position) return [];
  const rows = await query<{ place: number }>(
    connection,
    `with wanted as materialized (
       select * from unnest(:names::text[], :from::date[], :until::date[], :metas::text[]) with ordinality w (name, valid_from, valid_until, meta, place)
     ), here as materialized (
       select d.* from (select distinct name from wanted) n cross join lateral (
         select d.name, d.valid_from, d.valid_until, d.meta::text as meta from dossiers d
         where d.set_id = ${position.set_id} and d.name collate "und-x-icu" = n.name collate "und-x-icu" limit ${mostOfName}
       ) d
     )
     select place::int - 1 as place from wanted w
     where exists (
       select from here d where d.name = w.name and d.meta = w.meta
         and d.valid_from is not distinct from w.valid_from and d.valid_until is not distinct from w.valid_until
     ) order by place`,
    {
      names: fresh.map(({ name }) => name),
      from: fresh.map(({ valid_from: from }) => from),
      until: fresh.map(({ valid_until: until }) => until),
      metas: fresh.map(({ meta }) => meta),
    },
  );
  return rows.map(({ place }) => place);
}
