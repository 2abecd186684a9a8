import type { Database } from '@dossier/postgres/database.ts';
import { isDiskFull, keepReserve } from '@dossier/postgres/disk-reserve.ts';
import { updateSearchIndex } from '@dossier/registry/search/search-index.ts';

/** Each try leaves behind what it wrote, until PostgreSQL has cleaned up. */
const afterFullDiskMs = 30_000;

/** Makes what brings the search's index up to date each time it is called, but stands back where the disk is full. */
export function createIndexing(database: Database, signal: AbortSignal): () => Promise<void> {
  let notBefore = 0;
  return async () => {
    if (performance.now() < notBefore) return;
    try {
      await keepReserve(database);
      await updateSearchIndex(database, signal);
    } catch (error) {
      if (isDiskFull(error)) notBefore = performance.now() + afterFullDiskMs;
      throw error;
    }
  };
}
