import type { JobContext } from '@dossier/jobs/workers.ts';
import { collectGarbage } from '@dossier/registry/photo-garbage.ts';
import type { WorkerDependencies } from '../dependencies.ts';

const limit = 100;

/** Removes the photos that no dossier refers to any more. */
export function createCollectPhotosHandler({ database, photos }: WorkerDependencies) {
  return async (_payload: object, { signal }: JobContext): Promise<void> => {
    let seen = limit;
    while (seen === limit && !signal.aborted) {
      ({ seen } = await collectGarbage(database, { limit, remove: (sha256) => photos.remove(sha256) }));
    }
  };
}
