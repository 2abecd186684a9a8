import { createHash } from 'node:crypto';
import { believableDate, isDeepNight, keepableSchedule, latestDueDate, nextDue } from '@dossier/domain/schedule.ts';
import type { Schedule } from '@dossier/domain/schedule.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import { requestHeads } from '@dossier/protocol/feed.ts';
import { listLinksAfter, saveSchedule } from '@dossier/replication/links.ts';
import type { LinkRow } from '@dossier/replication/links.ts';
import { recordUnchanged } from '@dossier/replication/run-endings.ts';
import { requestScheduledRun } from '@dossier/replication/runs.ts';
import { Attempts } from './attempts.ts';
import type { WorkerDependencies } from './dependencies.ts';

const batch = 500;

/** A link's own place in the span after SYNC_TIME, in milliseconds: always the same, and other for each link. */
export function spreadOffsetMs(link: Pick<LinkRow, 'remote_list' | 'slave_list_id'>, node: string, spreadSeconds: number): number {
  const digest = createHash('sha256').update(`${node} ${link.slave_list_id} ${link.remote_list}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * spreadSeconds * 1000);
}

/** The master's SYNC_TIME as last learnt, as far as this node can keep it; null before the first greeting. */
export function scheduleOf(link: LinkRow): Schedule | null {
  if (link.sync_hour === null || link.sync_minute === null || link.sync_zone === null) return null;
  return keepableSchedule({ hour: link.sync_hour, minute: link.sync_minute, timeZone: link.sync_zone });
}

/**
 * Keeps a link's `next_run` in step with what its master last said. A link that never had a scheduled run counts the latest due date as
 * served: its first sync has just been made.
 */
export async function planLink(deps: WorkerDependencies, link: LinkRow, now: Date): Promise<void> {
  const schedule = scheduleOf(link);
  if (!schedule) return;
  const offsetMs = spreadOffsetMs(link, deps.own.node, deps.configuration.syncSpreadSeconds);
  const noted = believableDate(link.last_scheduled_date, schedule, now);
  const served = noted ?? latestDueDate(schedule, now, offsetMs);
  const nextRun = nextDue(schedule, { now, offsetMs, lastDate: served });
  if (noted !== null && link.next_run?.getTime() === nextRun.getTime()) return;
  await saveSchedule(deps.database, { slaveListId: link.slave_list_id, nextRun, scheduledDate: served });
}

/** A link whose scheduled time has come. */
interface DueLink {
  link: LinkRow;
  mode: 'repair' | 'auto';
  nextRun: Date;
  scheduledDate: string;
}

/**
 * Starts a run for each link whose scheduled time has come: once per local date in the master's zone, late rather than never. Decided from
 * rows, so it may be called by any number of workers at any time. Of links that stand at their master's heads a whole batch is asked about at
 * once; they need no job. A link that fails keeps no other one waiting; what went wrong is thrown at the end.
 */
export async function fanOut(deps: WorkerDependencies, now: Date): Promise<void> {
  const attempts = new Attempts();
  let after = 0;
  for (;;) {
    const links = await listLinksAfter(deps.database, after, batch);
    const last = links.at(-1);
    if (!last) break;
    after = last.slave_list_id;
    const due: DueLink[] = [];
    for (const link of links) {
      await attempts.attempt(async () => {
        const found = await findDue(deps, link, now);
        if (found) due.push(found);
      });
    }
    const served = await finishThoseUnchanged(deps, due);
    for (const item of due) if (!served.has(item.link.slave_list_id)) await attempts.attempt(() => start(deps, item));
  }
  attempts.finish();
}

async function findDue(deps: WorkerDependencies, link: LinkRow, now: Date): Promise<DueLink | null> {
  const schedule = scheduleOf(link);
  if (!schedule || link.state === 'unlinking') return null;
  const offsetMs = spreadOffsetMs(link, deps.own.node, deps.configuration.syncSpreadSeconds);
  const due = latestDueDate(schedule, now, offsetMs);
  if (link.last_scheduled_date === null || isServed(link, { schedule, due, now })) {
    await planLink(deps, link, now);
    return null;
  }
  const mode = isDeepNight({ last: link.deep_verified_at, linked: link.created_date, place: link.slave_list_id }, now) ? 'repair' : 'auto';
  return { link, mode, nextRun: nextDue(schedule, { now, offsetMs, lastDate: due }), scheduledDate: due };
}

function isServed(link: LinkRow, { schedule, due, now }: { schedule: Schedule; due: string; now: Date }): boolean {
  const noted = believableDate(link.last_scheduled_date, schedule, now);
  return noted !== null && noted >= due;
}

async function start(deps: WorkerDependencies, { link, mode, nextRun, scheduledDate }: DueLink): Promise<void> {
  const { slave_list_id: slaveListId, last_scheduled_date: seen } = link;
  const run = await requestScheduledRun(deps.database, { slaveListId, mode, seen, nextRun, scheduledDate });
  if (run) await deps.queues.enqueue(jobs.sync, { runId: run.id });
}

/** One link costs as much alone. */
const fewestAtOnce = 2;
const mastersAtOnce = 32;

/** Asks each master at once about all links that may be unchanged, and books those that are. Returns their lists. */
async function finishThoseUnchanged(deps: WorkerDependencies, due: readonly DueLink[]): Promise<Set<number>> {
  const candidates = due.filter(({ link, mode }) => mode === 'auto' && link.state === 'synced' && link.head_tag !== null);
  const byMaster = Map.groupBy(candidates, ({ link }) => link.remote_url);
  const served = new Set<number>();
  const questions = [...byMaster].flatMap(([remoteUrl, items]) => portionsOf(items).map((asked) => ({ remoteUrl, asked })));
  // Masters that are away keep nobody waiting but each other, and not for longer than the slowest of them.
  await Promise.all(
    Array.from({ length: mastersAtOnce }, async () => {
      for (let next = questions.pop(); next; next = questions.pop()) {
        for (const list of await finishUnchangedOf(deps, next.remoteUrl, next.asked)) served.add(list);
      }
    }),
  );
  return served;
}

function portionsOf(items: readonly DueLink[]): DueLink[][] {
  const portions = Array.from({ length: Math.ceil(items.length / requestHeads) }, (_, at) =>
    items.slice(at * requestHeads, (at + 1) * requestHeads),
  );
  return portions.filter((portion) => portion.length >= fewestAtOnce);
}

const askTimeoutMs = 10_000;

async function finishUnchangedOf(deps: WorkerDependencies, remoteUrl: string, asked: readonly DueLink[]): Promise<number[]> {
  // Two lists here may follow one there and stand at different heads; it is asked about one of them.
  const tags = new Map(asked.map(({ link }) => [link.remote_list_id, link.head_tag ?? '']));
  const heads = [...tags].map(([list, tag]) => ({ list, tag }));
  try {
    const unchanged = await deps.connectMaster(remoteUrl).unchanged(heads, AbortSignal.timeout(askTimeoutMs));
    return await recordUnchanged(
      deps.database,
      asked
        .filter(({ link }) => unchanged.has(link.remote_list_id) && tags.get(link.remote_list_id) === link.head_tag)
        .map(({ link, nextRun, scheduledDate }) => ({
          slaveListId: link.slave_list_id,
          headTag: link.head_tag ?? '',
          nextRun,
          scheduledDate,
        })),
    );
  } catch (error) {
    // Each link's own run meets the fault, and books and retries it.
    deps.logger.debug({ err: error, master: remoteUrl }, 'A master could not be asked about its heads at once.');
    return [];
  }
}
