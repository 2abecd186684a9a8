import { createHash } from 'node:crypto';
import { isDeepNight, latestDueDate, nextDue } from '@dossier/domain/schedule.ts';
import type { Schedule } from '@dossier/domain/schedule.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import { createRun, listLinksAfter, saveSchedule } from '@dossier/store/links.ts';
import type { LinkRow } from '@dossier/store/links.ts';
import type { WorkerDependencies } from './dependencies.ts';

const batch = 500;

/** A link's own place in the span after SYNC_TIME, in milliseconds: always the same, and other for each link. */
export function spreadOffsetMs(link: Pick<LinkRow, 'remote_list' | 'slave_list_id'>, node: string, spreadSeconds: number): number {
  const digest = createHash('sha256').update(`${node} ${link.slave_list_id} ${link.remote_list}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * spreadSeconds * 1000);
}

/** The master's SYNC_TIME as last learnt, or null before the first greeting. */
export function scheduleOf(link: LinkRow): Schedule | null {
  if (link.sync_hour === null || link.sync_minute === null || link.sync_zone === null) return null;
  return { hour: link.sync_hour, minute: link.sync_minute, timeZone: link.sync_zone };
}

/**
 * Keeps a link's `next_run` in step with what its master last said. A link that never had a scheduled run counts the latest due date as
 * served: its first sync has just been made.
 */
export async function planLink(deps: WorkerDependencies, link: LinkRow, now: Date): Promise<void> {
  const schedule = scheduleOf(link);
  if (!schedule) return;
  const offsetMs = spreadOffsetMs(link, deps.own.node, deps.configuration.syncSpreadSeconds);
  const served = link.last_scheduled_date ?? latestDueDate(schedule, now, offsetMs);
  const nextRun = nextDue(schedule, { now, offsetMs, lastDate: served });
  if (link.last_scheduled_date !== null && link.next_run?.getTime() === nextRun.getTime()) return;
  await saveSchedule(deps.database, { slaveListId: link.slave_list_id, nextRun, scheduledDate: served });
}

/**
 * Starts a run for each link whose scheduled time has come: once per local date in the master's zone, late rather than never. Decided from
 * rows, so it may be called by any number of workers at any time.
 */
export async function fanOut(deps: WorkerDependencies, now: Date): Promise<void> {
  let after = 0;
  for (;;) {
    const links = await listLinksAfter(deps.database, after, batch);
    const last = links.at(-1);
    if (!last) return;
    after = last.slave_list_id;
    for (const link of links) await startIfDue(deps, link, now);
  }
}

async function startIfDue(deps: WorkerDependencies, link: LinkRow, now: Date): Promise<void> {
  const schedule = scheduleOf(link);
  if (!schedule || link.state === 'unlinking') return;
  const offsetMs = spreadOffsetMs(link, deps.own.node, deps.configuration.syncSpreadSeconds);
  const due = latestDueDate(schedule, now, offsetMs);
  if (link.last_scheduled_date === null || link.last_scheduled_date >= due) return planLink(deps, link, now);
  const nextRun = nextDue(schedule, { now, offsetMs, lastDate: due });
  const mode = isDeepNight({ last: link.deep_verified_at, linked: link.created_date, place: link.slave_list_id }, now) ? 'repair' : 'auto';
  const run = await createRun(deps.database, { slaveListId: link.slave_list_id, reason: 'schedule', mode });
  await saveSchedule(deps.database, { slaveListId: link.slave_list_id, nextRun, scheduledDate: due });
  await deps.queues.enqueue(jobs.sync, { runId: run.id });
}
