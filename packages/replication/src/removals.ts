import type { Knex } from 'knex';
import type { Week } from '@dossier/domain/guards.ts';
import { preparedOne, query } from '@dossier/postgres/database.ts';

const today = `(now() at time zone 'UTC')::date`;
const days = 7;
/** A day that lies ahead was noted by a wrong clock. */
const withinTheWeek = `day > ${today} - ${days} and day <= ${today}`;

/** What syncs took out of use of a list that holds `held` dossiers now, in the last seven days, since a person last approved one at the earliest. */
export async function readWeek(tx: Knex.Transaction, listId: number, held: number): Promise<Week> {
  const week = await preparedOne<{ held: number | null; gone: number }>(tx, 'read week', {
    sql: `select (array_agg(held order by day))[1] as held, coalesce(sum(gone), 0)::bigint as gone from removals
     where list_id = :listId and ${withinTheWeek}`,
    parameters: { listId },
  });
  return { held: week?.held ?? held, gone: week?.gone ?? 0 };
}

/** Adds what a sync that asked nobody takes out of use of a list that holds so many dossiers. */
export async function noteRemovals(tx: Knex.Transaction, listId: number, { held, gone }: Week): Promise<void> {
  if (gone === 0) return;
  await query(tx, `delete from removals where list_id = :listId and not (${withinTheWeek})`, { listId });
  await query(
    tx,
    `insert into removals (list_id, day, held, gone) values (:listId, ${today}, :held, :gone)
     on conflict (list_id, day) do update set gone = removals.gone + excluded.gone`,
    { listId, held, gone },
  );
}

/** Begins the week anew: a person has looked, or the list is no replica any more. */
export async function forgetRemovals(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(tx, `delete from removals where list_id = :listId`, { listId });
}
