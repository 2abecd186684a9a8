import type { AdvancedOptions } from 'bullmq';
import { Cron } from 'croner';

import { isJobName, jobs } from './declarations.ts';
import { retryDelayMs, retrySeed } from './retry.ts';

/**
 * The next time of a cron pattern after `afterMs`, or undefined if there is none. croner stands in for BullMQ's own parser,
 * which skips a whole day where clocks change at midnight (Beirut, Cairo).
 */
export function nextRunMs(afterMs: number, repeat: { pattern?: string; tz?: string }): number | undefined {
  if (repeat.pattern === undefined) return undefined;
  return new Cron(repeat.pattern, { timezone: repeat.tz ?? 'UTC' }).nextRun(new Date(afterMs))?.getTime();
}

/** What queues and workers have to agree upon. */
export const bullSettings: AdvancedOptions = {
  repeatStrategy: nextRunMs,
  backoffStrategy: (attemptsMade, _type, _error, job) => {
    const parsed = job && isJobName(job.name) ? jobs[job.name].schema.safeParse(job.data) : undefined;
    return retryDelayMs(parsed?.success === true ? retrySeed(parsed.data) : 0, attemptsMade);
  },
};
