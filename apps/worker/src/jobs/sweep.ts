import { jobs } from '@dossier/jobs/declarations.ts';
import { expireHolds } from '@dossier/store/holds.ts';
import { listUnlinking } from '@dossier/store/links.ts';
import { listDeadLetterIds } from '@dossier/store/dead-letters.ts';
import { sweepLoads } from '@dossier/store/loading.ts';
import { listStrandedRuns } from '@dossier/store/upkeep.ts';
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
    await sweepLoads(deps.database);
    await fanOut(deps, deps.now());
    await retryAfterClocksDiffered(deps);
    for (const deadLetterId of await listDeadLetterIds(deps.database, shownDeadLetters)) {
      await deps.queues.enqueue(jobs['dead-letter'], { deadLetterId });
    }
  };
}
