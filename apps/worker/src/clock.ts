import { durationInWords } from '@dossier/domain/clock.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { ClockKeeper } from '@dossier/postgres/clock.ts';
import { correctAhead } from '@dossier/replication/clock-corrections.ts';
import { listClockRetries } from '@dossier/replication/clock-retries.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import type { WorkerDependencies } from './dependencies.ts';

/** Watches the clock for a worker, and puts in order what a jump left as soon as the clock is plausible again. */
export class ClockWatch {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #now: () => Date;
  readonly #keeper: ClockKeeper;
  /** Null before the first look: whoever ran before may have left something. */
  #jump: number | null = null;

  constructor(deps: { database: Database; logger: Logger; now: () => Date; monotonicMs: () => number }) {
    this.#database = deps.database;
    this.#logger = deps.logger;
    this.#now = deps.now;
    this.#keeper = new ClockKeeper(deps.database, deps.monotonicMs);
  }

  /** Whether the clock is plausible now. */
  async look(): Promise<boolean> {
    const jump = await this.#keeper.look(this.#now());
    const before = this.#jump;
    this.#jump = jump;
    if (jump !== 0) {
      if (before === null || before === 0) this.#tellOf(jump);
      return false;
    }
    if (before === 0) return true;
    if (before !== null) this.#logger.warn('The clock is plausible again.');
    await correctAhead(this.#database);
    return true;
  }

  #tellOf(jump: number): void {
    const what = `The clock is ${durationInWords(jump)} ${jump > 0 ? 'ahead of' : 'behind'} what this node can explain`;
    this.#logger.error(`${what}; nothing is deleted by age meanwhile. Set the clock, and let this host follow a time server (NTP).`);
  }
}

/** As the watch says; false if it couldn't look, which must not keep anything else from being done. */
export async function isClockPlausible({ clock, logger }: WorkerDependencies): Promise<boolean> {
  try {
    return await clock.look();
  } catch (error) {
    logger.warn({ err: error }, 'The clock could not be judged.');
    return false;
  }
}

const retryMinutes = 10;

/** Tries the links again whose clocks differed from their masters'. */
export async function retryAfterClocksDiffered(deps: WorkerDependencies): Promise<void> {
  for (const slaveListId of await listClockRetries(deps.database, retryMinutes)) {
    const requested = await requestRun(deps.database, { slaveListId, reason: 'schedule', mode: 'auto', by: null });
    if (requested.outcome === 'run') await deps.queues.enqueue(jobs.sync, { runId: requested.run.id });
  }
}
