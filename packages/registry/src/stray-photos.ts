import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { noteGarbage, referredPhotos } from './photo-garbage.ts';

/** What a look for photos of the store that no row knows came to. */
export interface StrayPhotos {
  /** Photos of the store that were looked at. */
  seen: number;
  /** Those that nothing refers to and that were not noted for collection. */
  strays: number;
  /** Whether the strays were noted now. */
  noted: boolean;
}

/** So many addresses are looked for in one pass over the rows. */
const addressesAtOnce = 100_000;
/** More strays than this, and than half of what was looked at, are not believed. */
const believedStrays = 100;

/**
 * Notes photos of the store for collection that nothing refers to and nobody has noted: those of persons who were removed after the backup that a database
 * was restored from, or of writers that were killed. If most of them are strays, this is another database than the one whose photos these are, and nothing
 * is noted. `stored`: addresses (64 hexadecimal digits).
 */
export async function noteStrayPhotos(database: Database, stored: AsyncIterable<string>): Promise<StrayPhotos> {
  const strays: string[] = [];
  let seen = 0;
  for await (const addresses of inBatches(stored)) {
    seen += addresses.length;
    for (const stray of await findStrays(database, addresses)) strays.push(stray);
  }
  const noted = strays.length > 0 && (strays.length <= believedStrays || strays.length <= seen / 2);
  if (noted) await noteGarbage(database, strays);
  return { seen, strays: strays.length, noted };
}

async function findStrays(database: Database, addresses: readonly string[]): Promise<string[]> {
  const rows = await query<{ sha256: string }>(
    database,
    `with ${referredPhotos}
     select a.sha256 from unnest(:addresses::text[]) a (sha256)
     where decode(a.sha256, 'hex') not in (select sha256 from marked) and not exists (select from photo_garbage g where g.sha256 = decode(a.sha256, 'hex'))`,
    { addresses },
  );
  return rows.map((row) => row.sha256);
}

async function* inBatches(stored: AsyncIterable<string>): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for await (const address of stored) {
    batch.push(address);
    if (batch.length < addressesAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
