import { jobs } from '@dossier/jobs/declarations.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import { listWaitingLinks } from '@dossier/replication/waiting-links.ts';
import type { WorkerDependencies } from './dependencies.ts';

const retryMinutes = 10;

/** Tries the links again that wait for a clock to be set, or for the people of their masters. */
export async function retryWaiting(deps: WorkerDependencies): Promise<void> {
  for (const slaveListId of await listWaitingLinks(deps.database, retryMinutes)) {
    const requested = await requestRun(deps.database, { slaveListId, reason: 'schedule', mode: 'auto', by: null });
    if (requested.outcome === 'run') await deps.queues.enqueue(jobs.sync, { runId: requested.run.id });
  }
}
