import type { Knex } from 'knex';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { settleDamagedPhotos } from './damaged-photos.ts';

/** Key of the advisory lock between those who put photos and the one who removes them. */
const photoStoreLock = 0x0f070;

/** Whoever puts a photo into the store and then refers to it from a row holds this lock meanwhile: no photo is removed. */
export async function sharePhotoStore(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock_shared(:key)`, { key: photoStoreLock });
}

/**
 * Notes addresses (64 hexadecimal digits) to which perhaps no row refers, for a collection to look at when days have passed. Whoever puts a photo notes it
 * before, in a transaction of its own: a collection that took it for garbage leaves it alone then.
 */
export async function noteGarbage(connection: Connection, sha256s: readonly string[]): Promise<void> {
  if (sha256s.length === 0) return;
  await query(
    connection,
    `insert into photo_garbage (sha256) select decode(address, 'hex') from (select distinct unnest(:addresses::text[]) as address) a order by 1
     on conflict (sha256) do update set since = excluded.since`,
    { addresses: sha256s },
  );
}

/** The same for the photos of rows: `rows` is a statement that gives their arrays as `photos`. */
export async function noteGarbageOf(tx: Knex.Transaction, rows: string, parameters: Record<string, unknown>): Promise<void> {
  await query(
    tx,
    `insert into photo_garbage (sha256)
     select distinct decode(e ->> 'sha256', 'hex') from (${rows}) shown
     cross join lateral json_array_elements(case json_typeof(photos) when 'array' then photos else '[]' end) e
     where e ->> 'sha256' ~ '^[0-9a-f]{64}$' order by 1
     on conflict (sha256) do update set since = excluded.since`,
    parameters,
  );
}

/**
 * Keeps a collection from removing photos to which a row is about to refer: those that are noted are noted as of now. To be called before the store is asked
 * whether they are there. Waits for a collection that is removing one of them, which is there no more then.
 */
export async function renewNotes(connection: Connection, sha256s: readonly string[]): Promise<void> {
  if (sha256s.length === 0) return;
  await query(
    connection,
    `update photo_garbage g set since = now() from (
       select sha256 from photo_garbage where sha256 in (select decode(x, 'hex') from unnest(:sha256s::text[]) x) order by sha256 for update) noted
     where noted.sha256 = g.sha256`,
    { sha256s },
  );
}

export interface GarbageCollection {
  /** Notes are looked at when they are so many days old. */
  days: number;
  /** Removes the bytes from the photo store; must bear that they are gone already. */
  remove: (sha256: string) => Promise<void>;
}

interface Note {
  sha256: string;
  since: string;
}

/** So many photos are removed at once, for those who want to put some not to have to wait. */
const removedAtOnce = 100;
/** So many notes one pass over the rows looks for. */
const mostNotes = 100_000;

/**
 * Removes the bytes of photos that were noted days ago and to which nothing refers: no row of any set (the bin's are such), no sync run and no journal of one, no import that can be taken back. Returns how many
 * notes it looked at and how many photos it removed. All rows are read once, and only if there are such notes.
 */
export async function collectGarbage(database: Database, { days, remove }: GarbageCollection): Promise<{ seen: number; removed: number }> {
  const noted = await queryOne<{ count: number; until: string }>(
    database,
    `select count(*) as count, max(since)::text as until from (
       select since from photo_garbage where since <= age_moment() - make_interval(days => :days) order by since limit ${mostNotes}) n`,
    { days },
  );
  if (!noted || noted.count === 0) return { seen: 0, removed: 0 };
  const unwanted = await sweepNotes(database, noted.until);
  let removed = 0;
  for (let at = 0; at < unwanted.length; at += removedAtOnce) {
    removed += await removePhotos(database, unwanted.slice(at, at + removedAtOnce), remove);
  }
  return { seen: noted.count, removed };
}

/** For a WITH clause: the addresses that something refers to, all rows of the node read once. Names may come twice. */
export const referredPhotos = `referred as (
    select photos from dossiers where photos::text <> '[]'
    union all select photos from incoming where photos::text <> '[]'
    union all select photos from journal_rows where photos::text <> '[]'
    union all select photos from import_formers where photos::text <> '[]'
  ), marked as (
    select decode(e ->> 'sha256', 'hex') as sha256 from referred
    cross join lateral json_array_elements(case json_typeof(photos) when 'array' then photos else '[]' end) e
    where e ->> 'sha256' ~ '^[0-9a-f]{64}$'
    union all select sha256 from wanted_photos
  )`;

/** Forgets the notes of photos that something refers to; returns the others. */
async function sweepNotes(database: Database, until: string): Promise<Note[]> {
  return transaction(database, async (tx) => {
    await query(
      tx,
      `with ${referredPhotos}
       delete from photo_garbage g where g.since <= :until::timestamptz and g.sha256 in (select sha256 from marked)`,
      { until },
    );
    return query<Note>(
      tx,
      `select encode(sha256, 'hex') as sha256, since::text as since from photo_garbage where since <= :until::timestamptz order by sha256`,
      { until },
    );
  });
}

/** Removes photos, but for those that somebody has put, or a run has asked for, since they were looked for. */
async function removePhotos(database: Database, notes: readonly Note[], remove: (sha256: string) => Promise<void>): Promise<number> {
  return transaction(database, async (tx) => {
    // Held from the last look to the removal: nobody puts a photo meanwhile.
    await query(tx, `select pg_advisory_xact_lock(:key)`, { key: photoStoreLock });
    const gone = await query<{ sha256: string }>(
      tx,
      `delete from photo_garbage g using unnest(:addresses::text[], :sinces::timestamptz[]) n (sha256, since)
       where g.sha256 = decode(n.sha256, 'hex') and g.since = n.since and not exists (select from wanted_photos w where w.sha256 = g.sha256)
       returning n.sha256`,
      { addresses: notes.map((note) => note.sha256), sinces: notes.map((note) => note.since) },
    );
    for (const { sha256 } of gone) await remove(sha256);
    await settleDamagedPhotos(
      tx,
      gone.map(({ sha256 }) => sha256),
    );
    return gone.length;
  });
}
