import type { Knex } from 'knex';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { query } from '@dossier/postgres/database.ts';

/**
 * Which of these new dossiers, by their places, would most likely be somebody twice: the set holds one of the same name, dates and fields. Comments and
 * photos don't count, as those are what people add. To be called before they are written.
 */
export async function findDoubles(tx: Knex.Transaction, setId: number, fresh: readonly StoredContent[]): Promise<number[]> {
  if (fresh.length === 0) return [];
  const rows = await query<{ place: number }>(
    tx,
    `select place::int - 1 as place
     from unnest(:names::text[], :from::date[], :until::date[], :metas::text[]) with ordinality w (name, valid_from, valid_until, meta, place)
     where exists (
       select from dossiers d where d.set_id = ${setId} and d.name collate "und-x-icu" = w.name collate "und-x-icu"
         and d.valid_from is not distinct from w.valid_from and d.valid_until is not distinct from w.valid_until and d.meta::text = w.meta
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
