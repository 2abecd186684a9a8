import type { JobContext } from '@dossier/jobs/workers.ts';
import { rangeOfDay } from '@dossier/photos/photo-range.ts';
import { photosToCheck, settleDamagedPhotos } from '@dossier/registry/damaged-photos.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/**
 * Reads and hashes a seventh of the photos that dossiers show here, another one each day, and those that weren't whole before. What isn't whole is booked;
 * where a master has it, the sweep asks for it.
 */
export function createCheckPhotosHandler({ database, guardedPhotos, now }: WorkerDependencies) {
  return async (_payload: object, { signal }: JobContext): Promise<void> => {
    for await (const photos of photosToCheck(database, rangeOfDay(now()))) {
      if (signal.aborted) return;
      const findings = await guardedPhotos.lacking(photos, signal);
      await guardedPhotos.bookAbsent(findings);
      const lacking = new Set(findings.map(({ sha256 }) => sha256));
      await settleDamagedPhotos(
        database,
        photos.map(({ sha256 }) => sha256).filter((sha256) => !lacking.has(sha256)),
      );
    }
  };
}
