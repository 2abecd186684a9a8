import type { JobSchedulerJson, Queue, RepeatOptions } from 'bullmq';

import type { Logger } from '@dossier/runtime/logger.ts';

import type { JobName, QueueName } from './declarations.ts';
import { jobs } from './declarations.ts';
import { reportErrors } from './error-report.ts';
import { clockRoomMs } from './longest-wait.ts';
import type { Queues } from './queues.ts';
import { nextRunMs } from './settings.ts';

/** When the nightly tick comes: a time of day on a 24-hour clock, in an IANA zone. */
export interface Schedule {
  readonly syncTime: { readonly hour: number; readonly minute: number };
  readonly timeZone: string;
}

const second = 1000;
const hour = 3600 * second;
const sweepEveryMs = 15 * second;
const schedulersEveryMs = 15 * second;
const liveStates = new Set(['waiting', 'active', 'delayed', 'prioritized']);

interface Recurring {
  readonly name: Extract<JobName, 'tick' | 'sweep' | 'prune' | 'collect-photos' | 'check-photos'>;
  readonly repeat: Pick<RepeatOptions, 'pattern' | 'tz' | 'every'>;
}

function recurringJobs({ syncTime, timeZone }: Schedule): Recurring[] {
  const nightly = { pattern: `${syncTime.minute} ${syncTime.hour} * * *`, tz: timeZone };
  return [
    { name: 'tick', repeat: nightly },
    { name: 'check-photos', repeat: nightly },
    { name: 'sweep', repeat: { every: sweepEveryMs } },
    { name: 'prune', repeat: { every: hour } },
    { name: 'collect-photos', repeat: { every: hour } },
  ];
}

/**
 * Makes every recurring job scheduled as wanted. A scheduler that is in order is left alone: replacing it just when its job
 * is due would drop that run, and processes doing so at the same time have been seen to stop it. One whose next run lies further ahead than the
 * schedule explains was set by a clock that was ahead, and starts anew.
 */
export async function upsertSchedulers(queueOf: (name: QueueName) => Queue, schedule: Schedule): Promise<void> {
  await Promise.all(
    recurringJobs(schedule).map(async ({ name, repeat }) => {
      const queue = queueOf(jobs[name].queue);
      const found = await queue.getJobScheduler(name);
      const isAhead = found?.next != null && found.next > latestNextMs(repeat, Date.now());
      if (!isAhead && (await isInOrder(queue, found, { name, repeat }))) return;
      // BullMQ would count on from the time that it has.
      if (isAhead) await queue.removeJobScheduler(name);
      const { keepCompleted, keepFailed, attempts } = jobs[name].options;
      await queue.upsertJobScheduler(name, repeat, {
        name,
        data: {},
        opts: { attempts, removeOnComplete: { count: keepCompleted }, removeOnFail: { count: keepFailed } },
      });
    }),
  );
}

/** The latest time at which the next run may be, with room for clocks of hosts that differ. */
function latestNextMs({ pattern, tz, every }: Recurring['repeat'], nowMs: number): number {
  const soon = nowMs + clockRoomMs;
  if (every !== undefined) return soon + every;
  return nextRunMs(soon, { ...(pattern !== undefined && { pattern }), ...(tz !== undefined && { tz }) }) ?? soon;
}

async function isInOrder(queue: Queue, found: JobSchedulerJson | undefined, { name, repeat }: Recurring): Promise<boolean> {
  if (found?.next == null) return false;
  if (found.pattern !== repeat.pattern || found.tz !== repeat.tz || found.every !== repeat.every) return false;
  const state = await queue.getJobState(`repeat:${name}:${found.next}`);
  return liveStates.has(state);
}

/**
 * Sweeps at once and then keeps the schedulers alive from this process: a flushed Redis forgets them, and the sweep that
 * would find out is one of them. `schedule` is asked each time, so that a new SYNC_TIME is followed.
 */
export function keepSchedulers(deps: { queues: Queues; schedule: () => Schedule; logger: Logger }): { stop(): void } {
  const report = reportErrors(deps.logger);
  const keep = (): void => {
    deps.queues.upsertSchedulers(deps.schedule()).catch(report);
    deps.queues.takeBackTimes().catch(report);
  };
  deps.queues.enqueue(jobs.sweep, {}).catch(report);
  keep();
  const timer = setInterval(keep, schedulersEveryMs);
  return { stop: () => clearInterval(timer) };
}
