import { isFailure } from '@dossier/domain/failure.ts';
import type { Failure } from '@dossier/domain/failure.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import { retryDelayMs } from '@dossier/jobs/retry.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { clearRun } from '@dossier/replication/cursors.ts';
import { SyncFailure } from '@dossier/replication/sync-failure.ts';
import { isDiskFull, withReserve } from '@dossier/postgres/disk-reserve.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';
import { failRun } from '@dossier/replication/run-endings.ts';
import type { RunFailure } from '@dossier/replication/run-endings.ts';
import { findRun } from '@dossier/replication/runs.ts';
import type { StartedRun } from '@dossier/replication/runs.ts';
import type { WorkerDependencies } from './dependencies.ts';

/**
 * Books what ended an attempt of a run in the database and gives the error for the queue, whose `kind` decides whether another attempt
 * follows. A replica that was in order before keeps trying where a new link would need a person: a web page instead of the master, for one,
 * may be a proxy that is gone in a minute.
 */
export async function bookFailure(
  deps: Pick<WorkerDependencies, 'database' | 'queues' | 'now'>,
  started: StartedRun,
  attempt: { error: unknown; context: JobContext; seed: number },
): Promise<Failure> {
  const { error, context } = attempt;
  const failure = isFailure(error) ? error : localFailure(error);
  if (failure.kind === 'stop') return failure;
  if (context.signal.aborted) return failure;
  const passing = failure.kind === 'retry' || (passingStrangers.has(failure.code) && started.link.epoch !== null);
  const final = !passing || context.lastAttempt;
  const nextAttempt = final ? null : new Date(deps.now().getTime() + retryDelayMs(attempt.seed, context.attempt));
  const phase = (await findRun(deps.database, started.run.id))?.state ?? 'greeting';
  const { database, queues } = deps;
  const told: RunFailure = {
    phase,
    state: passing ? 'dead' : 'failed',
    nextAttempt,
    error: {
      code: failure.code,
      desc: failure.message,
      remedy: failure.remedy,
      attempts: context.attempt,
      next_attempt: nextAttempt?.toISOString() ?? null,
    },
  };
  const deadLetterId = await withReserve(database, () => failRun(database, { runId: started.run.id, fence: started.fence }, told));
  // Without a letter the run goes on, or is another worker's by now, and so is what it has fetched.
  if (deadLetterId !== null) {
    await withReserve(database, () => clearRun(database, started.run.id));
    await withReserve(database, () => queues.enqueue(jobs['dead-letter'], { deadLetterId }));
  }
  return Object.assign(failure, { kind: passing ? 'retry' : 'operator' });
}

/** What answers where a master was before, and may be gone in a minute. */
const passingStrangers = new Set(['PROTOCOL_NOT_SPOKEN', 'REDIRECTED', 'CODING_REFUSED']);

/** What failed on this node itself: its disk, its database, or something that nobody foresaw. */
function localFailure(cause: unknown): SyncFailure {
  if (isDiskFull(cause)) return new SyncFailure('DISK_FULL', 'This node has no space left on its disk.', { cause });
  const told = translateDatabaseError(cause);
  if (told?.code === 'UNAVAILABLE') {
    const [what] = told.detail.split(' Nothing was changed');
    return new SyncFailure('DATABASE_UNAVAILABLE', `This node's database could not do its part. ${what}`, { cause });
  }
  return new SyncFailure('INTERNAL', 'Something failed that nobody foresaw.', { cause });
}
