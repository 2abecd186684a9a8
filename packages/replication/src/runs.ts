import type { RunMethod, RunMode, RunReason, RunState } from '@dossier/domain/run.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import type { Difference, SyncError } from '@dossier/protocol/sync.ts';
import { createRun, findLink, findLinkToFollow } from './links.ts';
import type { LinkRow } from './links.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { holdOfRun } from './holds.ts';
import type { HoldRow } from './holds.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** One attempt to bring a link to the head, with its history and counts. */
export interface RunRow {
  id: number;
  slave_list_id: number;
  reason: RunReason;
  mode: RunMode;
  method: RunMethod | null;
  state: RunState;
  fence: number | null;
  attempt: number;
  next_attempt: Date | null;
  heartbeat: Date | null;
  created_date: Date;
  started_date: Date | null;
  finished_date: Date | null;
  added: number;
  changed: number;
  removed: number;
  unchanged: number;
  fetched: number;
  total: number | null;
  photos_fetched: number;
  photos_total: number | null;
  photos_missing: string[];
  bytes: number;
  pages: number;
  restored_offline_deletions: number;
  /** The user who asked for it; null where nobody did. */
  requested_by: string | null;
  differences: Difference[] | null;
  error: SyncError | null;
  held: HoldRow | null;
  /** What the list's dossiers were set aside with, after the run. */
  set_aside: SetAside[];
}

const runColumns = `
  id, slave_list_id, reason, requested_by, mode, method, state, fence, attempt, next_attempt, heartbeat, created_date, started_date, finished_date,
  added, changed, removed, unchanged, fetched, total, photos_fetched, photos_total, photos_missing, bytes, pages,
  restored_offline_deletions, differences, error, set_aside, ${holdOfRun}`;

export async function findRun(connection: Connection, runId: number): Promise<RunRow | null> {
  return queryOne<RunRow>(connection, `select ${runColumns} from runs where id = :runId`, { runId });
}

/** One page of a list's runs, newest first. */
export async function listRuns(connection: Connection, slaveListId: number, page: PageRequest): Promise<Page<RunRow>> {
  const { condition, order } = newestFirst(page);
  const rows = await query<RunRow>(
    connection,
    `select ${runColumns} from runs where slave_list_id = :slaveListId and ${condition} order by ${order} limit :rows`,
    { slaveListId, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The newest `each` runs of each of the given lists, oldest first. The unfinished run of a list, if any, is its newest. */
export async function listNewestRuns(connection: Connection, slaveListIds: readonly number[], each: number): Promise<RunRow[]> {
  return query<RunRow>(
    connection,
    `select r.* from unnest(:slaveListIds::bigint[]) as lists (list_id), lateral (
       select ${runColumns} from runs where slave_list_id = lists.list_id order by id desc limit :each
     ) r order by r.id`,
    { slaveListIds, each },
  );
}

/** A run that somebody asks for; `run` is the unfinished one if the link has one already. */
export type RunRequest = { outcome: 'no-link' } | { outcome: 'unlinking' } | { outcome: 'run'; run: RunRow; link: LinkRow };

/**
 * Makes a run for a link that may be on its way out: `finishUnlink`, which waits for this, cancels it then. Doesn't wait for an apply, which may take long.
 */
export async function requestRun(
  database: Database,
  request: { slaveListId: number; reason: RunReason; mode: RunMode; by: string | null },
): Promise<RunRequest> {
  return transaction(database, async (tx) => {
    await query(tx, `select from links where slave_list_id = :slaveListId for key share`, { slaveListId: request.slaveListId });
    const link = await findLink(tx, request.slaveListId);
    if (!link) return { outcome: 'no-link' };
    if (link.state === 'unlinking') return { outcome: 'unlinking' };
    const { id } = await createRun(tx, request);
    const run = await findRun(tx, id);
    if (!run) throw new Error(`run ${id} vanished while it was made`);
    return { outcome: 'run', run, link };
  });
}

/**
 * Makes the run of a link's scheduled time and notes for which local date, together or not at all. Null where there is nothing to do: another worker was
 * first (`seen` isn't the date any more that is noted), the link is being cancelled, or an apply holds it, which isn't waited for: the next look comes soon.
 */
export async function requestScheduledRun(
  database: Database,
  {
    slaveListId,
    mode,
    seen,
    scheduledDate,
    nextRun,
  }: { slaveListId: number; mode: RunMode; seen: string | null; scheduledDate: string; nextRun: Date },
): Promise<{ id: number } | null> {
  return transaction(database, async (tx) => {
    const noted = await queryOne(
      tx,
      `update links set next_run = :nextRun, last_scheduled_date = :scheduledDate::date where slave_list_id = (
         select slave_list_id from links where slave_list_id = :slaveListId and state <> 'unlinking'
           and last_scheduled_date is not distinct from :seen::date for no key update skip locked
       ) returning 1`,
      { slaveListId, seen, scheduledDate, nextRun },
    );
    return noted ? createRun(tx, { slaveListId, reason: 'schedule', mode, by: null }) : null;
  });
}

/** The unfinished run of a list, or null. */
export async function findUnfinishedRun(connection: Connection, slaveListId: number): Promise<RunRow | null> {
  return preparedOne<RunRow>(connection, 'find unfinished run', {
    sql: `select ${runColumns} from runs where finished_date is null and slave_list_id = :slaveListId`,
    parameters: { slaveListId },
  });
}

/** The unfinished run of each of the given lists. */
export async function listUnfinishedRuns(connection: Connection, slaveListIds: readonly number[]): Promise<RunRow[]> {
  return query<RunRow>(
    connection,
    `select ${runColumns} from runs where finished_date is null and slave_list_id = any(:slaveListIds::bigint[])`,
    { slaveListIds },
  );
}

/** A run that a worker has taken: what it needs to go on, and the fence that makes it harmless once another one has taken it. */
export interface StartedRun {
  run: RunRow;
  link: LinkRow;
  fence: number;
  /** Whether the list's rows are what its last verified sync left. */
  intact: boolean;
  /** Whether earlier runs couldn't get a photo. */
  lacksPhotos: boolean;
  /** The list's own set. */
  set_id: number;
}

/**
 * Takes a run for an attempt: the link's fence grows, so that whoever held the run before can change nothing more. Null if the run is
 * over or its link is gone or being cancelled: then there is nothing to do.
 */
export async function startRun(database: Database, runId: number, attempt: number): Promise<StartedRun | null> {
  return transaction(database, async (tx) => {
    // What is read of a run before its link's lock was granted may be another's past.
    const locked = await preparedOne<{ slave_list_id: number }>(tx, 'lock link of run', {
      sql: `select k.slave_list_id from links k
       where k.slave_list_id = (select slave_list_id from runs where id = :runId) and k.state <> 'unlinking' for update`,
      parameters: { runId },
    });
    if (!locked) return null;
    const run = await preparedOne<RunRow>(tx, 'start run', {
      sql: `with open as (select slave_list_id from runs where id = :runId and finished_date is null),
       fenced as (
         update links k set fence = k.fence + 1, state = 'syncing', last_attempt = now()
         from open where k.slave_list_id = open.slave_list_id returning k.fence as new_fence
       )
       update runs set fence = new_fence, attempt = :attempt, state = 'greeting', next_attempt = null,
         started_date = coalesce(started_date, now()), heartbeat = now()
       from fenced where id = :runId returning ${runColumns}`,
      parameters: { runId, attempt },
    });
    const found = run && (await findLinkToFollow(tx, run.slave_list_id));
    return found && run.fence !== null ? { run, ...found, fence: run.fence } : null;
  });
}

/** Counts of a run's progress; what is left out stays. */
export interface RunProgress {
  state?: RunState;
  method?: RunMethod;
  fetched?: number;
  total?: number;
  photosFetched?: number;
  photosTotal?: number;
  bytes?: number;
  pages?: number;
}

/**
 * Notes how far a run is and that its worker lives; nobody waits until that is on the disk, since nothing depends on it. False if the run is not this worker's any more. */
export async function saveProgress(
  connection: Connection,
  taken: { runId: number; fence: number },
  progress: RunProgress,
): Promise<boolean> {
  const saved = await preparedOne(connection, 'save progress', {
    sql: `update runs set heartbeat = now(), state = coalesce(:state, state), method = coalesce(:method, method),
       fetched = coalesce(:fetched, fetched), total = coalesce(:total, total),
       photos_fetched = coalesce(:photosFetched, photos_fetched), photos_total = coalesce(:photosTotal, photos_total),
       bytes = coalesce(:bytes, bytes), pages = coalesce(:pages, pages)
     where id = :runId and fence = :fence and finished_date is null and set_config('synchronous_commit', 'off', true) is not null returning id`,
    parameters: {
      ...taken,
      state: progress.state ?? null,
      method: progress.method ?? null,
      fetched: progress.fetched ?? null,
      total: progress.total ?? null,
      photosFetched: progress.photosFetched ?? null,
      photosTotal: progress.photosTotal ?? null,
      bytes: progress.bytes ?? null,
      pages: progress.pages ?? null,
    },
  });
  return saved !== null;
}
