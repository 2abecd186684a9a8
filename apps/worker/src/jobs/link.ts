import { jobs } from '@dossier/jobs/declarations.ts';
import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { greetMaster } from '@dossier/replication/identity.ts';
import { findLink, saveGreeting } from '@dossier/replication/links.ts';
import { findUnfinishedRun, saveProgress, startRun } from '@dossier/replication/runs.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { bookFailure } from '../run-failure.ts';
import { planLink } from '../schedule.ts';

/** Greets the master of a new link, pins whose list it is, and hands its first run to the sync queue. */
export function createLinkHandler(deps: WorkerDependencies) {
  return async ({ slaveDossierList }: PayloadOf<'link'>, context: JobContext): Promise<void> => {
    const run = await findUnfinishedRun(deps.database, slaveDossierList);
    const started = run && (await withReserve(deps.database, () => startRun(deps.database, run.id, context.attempt)));
    if (!started) return;
    try {
      const master = deps.connectMaster(started.link.remote_url);
      const head = await greetMaster(master, started, { own: deps.own, signal: context.signal });
      await saveGreeting(deps.database, {
        slaveListId: slaveDossierList,
        fence: started.fence,
        remoteNode: head.node,
        remoteList: head.dossier_list,
        remoteName: head.name,
        origins: head.origins,
        schedule: head.schedule,
      });
    } catch (error) {
      throw await bookFailure(deps, started, { error, context, seed: slaveDossierList });
    }
    await saveProgress(deps.database, { runId: started.run.id, fence: started.fence }, { state: 'queued' });
    const link = await findLink(deps.database, slaveDossierList);
    if (link) await planLink(deps, link, deps.now());
    await deps.queues.enqueue(jobs.sync, { runId: started.run.id });
  };
}
