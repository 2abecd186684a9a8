import { jobs } from '@dossier/jobs/declarations.ts';
import { listListsToMend } from '@dossier/registry/damaged-photos.ts';
import { expireHolds } from '@dossier/replication/holds.ts';
import { listUnlinking } from '@dossier/replication/links.ts';
import { listDeadLetterIds } from '@dossier/replication/dead-letters.ts';
import { listStrandedRuns } from '@dossier/replication/upkeep.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import { tellOfAlerts } from '../alerts.ts';
import { isClockPlausible, retryAfterClocksDiffered } from '../clock.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { fanOut } from '../schedule.ts';

const age = { overdueSeconds: 5, silentSeconds: 45 };
const shownDeadLetters = 1000;

/** Reminds the queue of all that the database says is due: the queue may have been flushed, restarted or lost at any moment. */
export function createSweepHandler(deps: WorkerDependencies) {
  return async (): Promise<void> => {
    for (const slaveDossierList of await listUnlinking(deps.database)) {
      await deps.queues.enqueue(jobs.unlink, { slaveDossierList, purge: false });
    }
    for (const run of await listStrandedRuns(deps.database, age)) {
      if (run.greeted) await deps.queues.enqueue(jobs.sync, { runId: run.id });
      else await deps.queues.enqueue(jobs.link, { slaveDossierList: run.slave_list_id });
    }
    if (await isClockPlausible(deps)) await expireHolds(deps.database);
    await tellOfAlerts(deps);
    await fanOut(deps, deps.now());
    await mendPhotos(deps);
    await retryAfterClocksDiffered(deps);
    for (const deadLetterId of await listDeadLetterIds(deps.database, shownDeadLetters)) {
      await deps.queues.enqueue(jobs['dead-letter'], { deadLetterId });
    }
  };
}

/** A photo that was found damaged isn't missed until the next night. If the master can't deliver it, the scheduled runs ask again. */
async function mendPhotos({ database, queues }: WorkerDependencies): Promise<void> {
  for (const slaveListId of await listListsToMend(database)) {
    const requested = await requestRun(database, { slaveListId, reason: 'repair', mode: 'auto' });
    if (requested.outcome === 'run') await queues.enqueue(jobs.sync, { runId: requested.run.id });
  }
}
