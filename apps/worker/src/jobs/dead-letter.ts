import type { Failure } from '@dossier/domain/failure.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import type { PayloadOf } from '@dossier/jobs/declarations.ts';
import type { JobContext } from '@dossier/jobs/workers.ts';
import { findDeadLetter, retryDeadLetter } from '@dossier/replication/dead-letters.ts';
import type { WorkerDependencies } from '../dependencies.ts';

/** Shows a dead letter among the failed jobs by failing with its sentence; started again by a person, it retries what had failed. */
export function createDeadLetterHandler(deps: WorkerDependencies) {
  return async ({ deadLetterId }: PayloadOf<'dead-letter'>, { retriedByHand }: JobContext): Promise<void> => {
    const letter = await findDeadLetter(deps.database, deadLetterId);
    if (!letter) return;
    if (!retriedByHand) {
      const failure: Failure = Object.assign(new Error(`List ${letter.slave_list_id}: ${letter.sentence} ${letter.remedy}`), {
        code: letter.code,
        kind: 'operator' as const,
        remedy: letter.remedy,
      });
      throw failure;
    }
    // By somebody at the board of the queues, who isn't named to a worker.
    const retried = await retryDeadLetter(deps.database, deadLetterId);
    if (retried) await deps.queues.enqueue(jobs.sync, { runId: retried.runId });
  };
}
