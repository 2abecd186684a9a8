import type { JobContext } from '@dossier/jobs/workers.ts';
import { rangeOfDay } from '@dossier/photos/photo-range.ts';
import { listPhotosToCheck, settleDamagedPhotos } from '@dossier/store/damaged-photos.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const batch = 500;

/**
 * Reads and hashes a seventh of the photos that dossiers show here, another one each day, and those that weren't whole before. What isn't whole is booked;
 * where a master has it, the sweep asks for it.
 */
export function createCheckPhotosHandler({ database, guardedPhotos, now }: WorkerDependencies) {
  return async (_payload: object, { signal }: JobContext): Promise<void> => {
    const range = rangeOfDay(now());
    let after = '';
    for (;;) {
      const photos = await listPhotosToCheck(database, range, { after, limit: batch });
      const last = photos.at(-1);
      if (!last || signal.aborted) return;
      after = last.sha256;
      const findings = await guardedPhotos.lacking(photos, signal);
      await guardedPhotos.bookAbsent(findings);
      const lacking = new Set(findings.map(({ sha256 }) => sha256));
      const whole = photos.map(({ sha256 }) => sha256).filter((sha256) => !lacking.has(sha256));
      await settleDamagedPhotos(database, whole);
    }
  };
}
