import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/** A backup of the database that is older than its copy of the photos still finds the files that it names for so many days. */
const keptDays = 7;

/** Removes the photos that nothing has referred to for days. */
export function createCollectPhotosHandler({ database, photos }: WorkerDependencies) {
  return async (): Promise<void> => {
    await collectGarbage(database, { days: keptDays, remove: (sha256) => photos.remove(sha256) });
  };
}
