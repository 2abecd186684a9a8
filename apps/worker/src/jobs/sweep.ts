import { jobs } from '@dossier/jobs/declarations.ts';
import { listListsToMend } from '@dossier/registry/damaged-photos.ts';
import { expireHolds } from '@dossier/replication/holds.ts';
import { listUnlinking } from '@dossier/replication/links.ts';
import { listDeadLetterIds } from '@dossier/replication/dead-letters.ts';
import { isDiskFull, keepReserve, withReserve } from '@dossier/postgres/disk-reserve.ts';
import { endFrozenTransactions } from '@dossier/postgres/frozen.ts';
import { listStrandedRuns } from '@dossier/replication/upkeep.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import { tellOfAlerts } from '../alerts.ts';
import { Attempts } from '../attempts.ts';
import { isClockPlausible, retryAfterClocksDiffered } from '../clock.ts';
import type { WorkerDependencies } from '../dependencies.ts';
import { fanOut } from '../schedule.ts';

const age = { overdueSeconds: 5, silentSeconds: 45 };
const shownDeadLetters = 1000;

/**
 * Reminds the queue of all that the database says is due: the queue may have been flushed, restarted or lost at any moment. None of it keeps the rest from
 * being done; what went wrong is thrown at the end.
 */
export function createSweepHandler(deps: WorkerDependencies) {
  return async (): Promise<void> => {
    const attempts = new Attempts();
    await attempts.attempt(() => renewReserve(deps));
    for (const work of [
      endFrozen,
      remindOfRuns,
      expireOldHolds,
      tellOfAlerts,
      startDue,
      mendPhotos,
      retryAfterClocksDiffered,
      showDeadLetters,
    ]) {
      await attempts.attempt(() => withReserve(deps.database, () => work(deps)));
    }
    attempts.finish();
  };
}

/** Where the disk is full still, those say so who have something to write. */
async function renewReserve({ database }: WorkerDependencies): Promise<void> {
  await keepReserve(database).catch((error: unknown) => {
    if (!isDiskFull(error)) throw error;
  });
}

/** A process that stands still in a transaction keeps its lists from being synced by others. */
async function endFrozen({ database, logger }: WorkerDependencies): Promise<void> {
  const ended = await endFrozenTransactions(database);
  if (ended > 0) logger.warn({ ended }, 'ended transactions of processes of this node that stand still and keep others waiting');
}

async function remindOfRuns({ database, queues }: WorkerDependencies): Promise<void> {
  for (const slaveDossierList of await listUnlinking(database)) await queues.enqueue(jobs.unlink, { slaveDossierList, purge: false });
  for (const run of await listStrandedRuns(database, age)) {
    if (run.greeted) await queues.enqueue(jobs.sync, { runId: run.id });
    else await queues.enqueue(jobs.link, { slaveDossierList: run.slave_list_id });
  }
}

async function expireOldHolds(deps: WorkerDependencies): Promise<void> {
  if (await isClockPlausible(deps)) await expireHolds(deps.database);
}

async function startDue(deps: WorkerDependencies): Promise<void> {
  await fanOut(deps, deps.now());
}

async function showDeadLetters({ database, queues }: WorkerDependencies): Promise<void> {
  for (const deadLetterId of await listDeadLetterIds(database, shownDeadLetters))
    await queues.enqueue(jobs['dead-letter'], { deadLetterId });
}

/** A photo that was found damaged isn't missed until the next night. If the master can't deliver it, the scheduled runs ask again. */
async function mendPhotos({ database, queues }: WorkerDependencies): Promise<void> {
  for (const slaveListId of await listListsToMend(database)) {
    const requested = await requestRun(database, { slaveListId, reason: 'repair', mode: 'auto', by: null });
    if (requested.outcome === 'run') await queues.enqueue(jobs.sync, { runId: requested.run.id });
  }
}
