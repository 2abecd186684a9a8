import { jobs } from '@dossier/jobs/declarations.ts';
import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { greetMaster } from '@dossier/replication/identity.ts';
import { syncRun } from '@dossier/replication/sync-run.ts';
import { createRun, findLink } from '@dossier/store/links.ts';
import { startRun } from '@dossier/store/runs.ts';
import type { StartedRun } from '@dossier/store/runs.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { bookFailure } from '../run-failure.ts';
import { planLink } from '../schedule.ts';

/** Brings one sync run to its end, or further. */
export function createSyncHandler(deps: WorkerDependencies) {
  return async ({ runId }: PayloadOf<'sync'>, context: JobContext): Promise<void> => {
    const started = await startRun(deps.database, runId, context.attempt);
    if (!started) return;
    try {
      await follow(deps, started, context);
    } catch (error) {
      throw await bookFailure(deps, started, { error, context, seed: runId });
    }
    const link = await findLink(deps.database, started.link.slave_list_id);
    if (link) await planLink(deps, link, deps.now());
  };
}

async function follow(deps: WorkerDependencies, started: StartedRun, context: JobContext): Promise<void> {
  const master = deps.connectMaster(started.link.remote_url);
  if (started.link.remote_list === null) {
    // The reminder of the link command was lost, and a person or the sweep asked for a sync.
    const head = await greetMaster(master, started, { own: deps.own, signal: context.signal });
    started.link.remote_node = head.node;
    started.link.remote_list = head.dossier_list;
  }
  const outcome = await syncRun(
    {
      store: deps.store,
      photos: deps.photos,
      master,
      own: deps.own,
      offlineDeletions: deps.configuration.offlineDeletions,
      onExisting: deps.configuration.syncOnExisting,
      signal: context.signal,
    },
    started,
  );
  for (const slaveListId of outcome.disturbedLists) {
    const run = await createRun(deps.database, { slaveListId, reason: 'repair', mode: 'auto' });
    await deps.queues.enqueue(jobs.sync, { runId: run.id });
  }
}
