import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import { finishUnlink } from '@dossier/replication/links.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/** Ends a link whose cancellation was asked for; whatever ran for it is fenced out already. */
export function createUnlinkHandler({ database }: WorkerDependencies) {
  return async ({ slaveDossierList }: PayloadOf<'unlink'>): Promise<void> => {
    await finishUnlink(database, slaveDossierList);
  };
}
