import type { Knex } from 'knex';
import { settleDamagedPhotos } from './damaged-photos.ts';
import { query, transaction } from './database.ts';
import type { Connection, Database } from './database.ts';

/** Key of the advisory lock between those who put photos and the one who removes them. */
export const photoStoreLock = 0x0f070;

/** Whoever puts a photo into the store and then refers to it from a row holds this lock meanwhile: no photo is removed. */
export async function sharePhotoStore(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock_shared(:key)`, { key: photoStoreLock });
}

/** Whoever removes photos holds this lock from the look at the rows to the removal: nobody puts one meanwhile. */
async function ownPhotoStore(tx: Knex.Transaction): Promise<void> {
  await query(tx, `select pg_advisory_xact_lock(:key)`, { key: photoStoreLock });
}

/** Notes addresses (64 hexadecimal digits) to which perhaps no row refers, for the next collection to look at. */
export async function noteGarbage(connection: Connection, sha256s: readonly string[]): Promise<void> {
  await query(
    connection,
    `insert into photo_garbage (sha256) select decode(address, 'hex') from unnest(cast(:addresses as text[])) as address
     on conflict do nothing`,
    { addresses: `{${sha256s.join(',')}}` },
  );
}

export interface GarbageCollection {
  /** Addresses to look at, at most, in one transaction. */
  limit: number;
  /** Removes the bytes from the photo store; must bear that they are gone already. */
  remove: (sha256: string) => Promise<void>;
}

/**
 * Removes the bytes of noted photos to which no dossier, no sync run and no journal of one refers. Returns how many notes it looked at and how
 * many photos it removed; a `seen` below the limit means that there is nothing left to look at.
 */
export async function collectGarbage(database: Database, collection: GarbageCollection): Promise<{ seen: number; removed: number }> {
  return transaction(database, async (tx) => {
    await ownPhotoStore(tx);
    const notes = await query<{ sha256: string; wanted: boolean }>(
      tx,
      `select encode(g.sha256, 'hex') as sha256,
         exists (select from photos p where p.sha256 = g.sha256) or exists (select from staged_photos s where s.sha256 = g.sha256)
         or exists (select from journal_photos j where j.sha256 = g.sha256) as wanted
       from (select sha256 from photo_garbage order by since limit :limit) g`,
      { limit: collection.limit },
    );
    const unwanted = notes.filter((note) => !note.wanted);
    for (const { sha256 } of unwanted) await collection.remove(sha256);
    await settleDamagedPhotos(
      tx,
      unwanted.map(({ sha256 }) => sha256),
    );
    await query(
      tx,
      `delete from photo_garbage where sha256 in (select decode(address, 'hex') from unnest(cast(:addresses as text[])) as address)`,
      { addresses: `{${notes.map((note) => note.sha256).join(',')}}` },
    );
    return { seen: notes.length, removed: unwanted.length };
  });
}
