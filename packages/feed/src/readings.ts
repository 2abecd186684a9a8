import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** Remembers that a consumer begins to read a list and is told of it as it is at revision `told`. Returns the reading's id, or null if the list is gone. */
export async function beginReading(connection: Connection, listId: number, told: number): Promise<string | null> {
  const row = await queryOne<{ id: string }>(
    connection,
    `insert into readings (list_id, told) select id, :told::bigint from watch_lists where id = :listId returning id`,
    { listId, told },
  );
  return row?.id ?? null;
}

/** The newest revision of which a reading of the list was told, or null for a reading that this database doesn't know. */
export async function findTold(connection: Connection, listId: number, reading: string): Promise<number | null> {
  const row = await queryOne<{ told: number }>(connection, `select told from readings where id = :reading and list_id = :listId`, {
    listId,
    reading,
  });
  return row?.told ?? null;
}

/**
 * Remembers what a reading is told, before it is told: whoever comes back with more than the database remembers has read in a history that a restore
 * took away. Writes only where there is something new, or to show once a day that somebody reads.
 */
export async function noteTold(connection: Connection, reading: string, told: number): Promise<void> {
  await query(
    connection,
    `update readings set told = greatest(told, :told::bigint), told_date = now()
     where id = :reading and (told < :told::bigint or told_date < now() - interval '1 day')`,
    { reading, told },
  );
}

/**
 * Forgets readings that nobody went on with for so many days, and those of a list that were gone on with least recently, beyond `keep`: their consumers
 * start over. Whoever begins from nothing again and again leaves a reading each time.
 */
export async function pruneReadings(connection: Connection, { days, keep }: { days: number; keep: number }): Promise<void> {
  await query(
    connection,
    `delete from readings r using (
       select id, row_number() over (partition by list_id order by told_date desc, id) as ordinal from readings
     ) o where o.id = r.id and (o.ordinal > :keep or r.told_date < age_moment() - make_interval(days => :days))`,
    { days, keep },
  );
}
