import { jobs } from '@dossier/jobs/declarations.ts';
import type { JobDeclaration, JobPayload } from '@dossier/jobs/declarations.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';

export interface ReminderDependencies {
  readonly queues: Pick<Queues, 'enqueue' | 'promote' | 'remove'>;
  readonly logger: Logger;
}

/**
 * Reminds the workers of a run, now, also of one that waits for its next attempt. A link that was never greeted is reminded of by its
 * link command. A queue that can't be reached is no failure: the run is recorded, and the sweep reminds of it.
 */
export async function remindOfRun(
  deps: ReminderDependencies,
  link: { slave_list_id: number; remote_list: string | null },
  runId: number,
): Promise<void> {
  await reachQueue(deps.logger, async () => {
    if (link.remote_list === null) await startNow(deps.queues, jobs.link, { slaveDossierList: link.slave_list_id });
    else await startNow(deps.queues, jobs.sync, { runId });
  });
}

/** Reminds the workers of a cancellation; the sweep does where the queue can't be reached. */
export async function remindOfUnlink(deps: ReminderDependencies, unlink: { slaveDossierList: number; purge: boolean }): Promise<void> {
  await reachQueue(deps.logger, async () => {
    await startNow(deps.queues, jobs.unlink, unlink);
  });
}

/** Takes a dead letter out of its queue, where it is only shown. */
export async function forgetDeadLetter({ queues, logger }: ReminderDependencies, deadLetterId: number): Promise<void> {
  await reachQueue(logger, async () => {
    await queues.remove(jobs['dead-letter'], { deadLetterId });
  });
}

async function startNow<Name extends string, Payload extends JobPayload>(
  queues: ReminderDependencies['queues'],
  declaration: JobDeclaration<Name, Payload>,
  payload: Payload,
): Promise<void> {
  const promoted = await queues.promote(declaration, payload);
  if (!promoted) await queues.enqueue(declaration, payload);
}

/** Does what needs the queue; that it can not be reached is no failure, since the sweep makes up for it. */
export async function reachQueue(logger: Logger, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApplicationError) || error.code !== 'UNAVAILABLE') throw error;
    logger.warn({ err: error }, 'The queue could not be reached; what was asked for is recorded and starts when it is back.');
  }
}
