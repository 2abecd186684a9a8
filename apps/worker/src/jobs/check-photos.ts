import type { JobContext } from '@dossier/jobs/workers.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { rangeOfDay } from '@dossier/photos/photo-range.ts';
import { photosToCheck, settleDamagedPhotos } from '@dossier/registry/damaged-photos.ts';
import type { PhotoRange } from '@dossier/registry/damaged-photos.ts';
import { noteStrayPhotos } from '@dossier/registry/stray-photos.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/**
 * Reads and hashes a seventh of the photos that dossiers show here, another one each day, and those that weren't whole before. What isn't whole is booked;
 * where a master has it, the sweep asks for it. Then it compares that seventh of the store with the rows, so that photos of nobody go.
 */
export function createCheckPhotosHandler({ database, photos: store, guardedPhotos, logger, now }: WorkerDependencies) {
  return async (_payload: object, { signal }: JobContext): Promise<void> => {
    const range = rangeOfDay(now());
    for await (const photos of photosToCheck(database, range)) {
      if (signal.aborted) return;
      const findings = await guardedPhotos.lacking(photos, signal);
      await guardedPhotos.bookAbsent(findings);
      const lacking = new Set(findings.map(({ sha256 }) => sha256));
      await settleDamagedPhotos(
        database,
        photos.map(({ sha256 }) => sha256).filter((sha256) => !lacking.has(sha256)),
      );
    }
    const strays = await noteStrayPhotos(database, storedWithin(store, range, signal));
    if (strays.strays > 0 && !strays.noted)
      logger.warn(strays, 'most photos of the store belong to no dossier of this database: none is removed');
  };
}

async function* storedWithin(store: PhotoStore, { from, below }: PhotoRange, signal: AbortSignal): AsyncGenerator<string> {
  for await (const { sha256 } of store.list()) {
    if (signal.aborted) return;
    if (sha256 >= from && sha256 < below) yield sha256;
  }
}
