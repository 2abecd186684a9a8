import type { RunMethod, RunMode, RunReason, RunState } from '@dossier/domain/run.ts';
import type { SetAside } from '@dossier/protocol/held.ts';
import type { Difference, SyncError } from '@dossier/protocol/sync.ts';
import { createRun, findLink, findLinkToFollow } from './links.ts';
import type { LinkRow } from './links.ts';
import { preparedOne, query, queryOne, transaction } from './database.ts';
import type { Connection, Database } from './database.ts';
import { holdOfRun, standing } from './holds.ts';
import type { HoldRow } from './holds.ts';
import { newestFirst, toPage } from './keyset.ts';
import type { Page, PageRequest } from './keyset.ts';
import { FencedError, requireFence } from './staging.ts';
import type { TakenRun } from './staging.ts';

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
  differences: Difference[] | null;
  error: SyncError | null;
  held: HoldRow | null;
  /** What the list's dossiers were set aside with, after the run. */
  set_aside: SetAside[];
}

const runColumns = `
  id, slave_list_id, reason, mode, method, state, fence, attempt, next_attempt, heartbeat, created_date, started_date, finished_date,
  added, changed, removed, unchanged, fetched, total, photos_fetched, photos_total, photos_missing, bytes, pages,
  restored_offline_deletions, differences, error, set_aside, ${holdOfRun}`;

/** For an update of links: a run that looked at every row says so. */
export const deepVerified = `(select case when r.mode in ('repair', 'verify') then now() else deep_verified_at end from runs r where r.id = :runId)`;

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
  request: { slaveListId: number; reason: RunReason; mode: RunMode },
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
}

/**
 * Takes a run for an attempt: the link's fence grows, so that whoever held the run before can change nothing more. Null if the run is
 * over or its link is gone or being cancelled: then there is nothing to do.
 */
export async function startRun(database: Database, runId: number, attempt: number): Promise<StartedRun | null> {
  const run = await preparedOne<RunRow>(database, 'start run', {
    sql: `with open as (
       select k.slave_list_id from runs r join links k on k.slave_list_id = r.slave_list_id
       where r.id = :runId and r.finished_date is null and k.state <> 'unlinking' for update of k
     ),
     fenced as (
       update links k set fence = k.fence + 1, state = 'syncing', last_attempt = now()
       from open where k.slave_list_id = open.slave_list_id returning k.slave_list_id as list_id, k.fence as new_fence
     )
     update runs set fence = new_fence, attempt = :attempt, state = 'greeting', next_attempt = null,
       started_date = coalesce(started_date, now()), heartbeat = now()
     from fenced where id = :runId and finished_date is null returning ${runColumns}`,
    parameters: { runId, attempt },
  });
  const found = run && (await findLinkToFollow(database, run.slave_list_id));
  if (!found || run.fence === null) return null;
  return { run, ...found, fence: run.fence };
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

/** How an attempt failed, and whether another follows (`nextAttempt`) or the run is over (`dead` after the last retry, else `failed`). */
export interface RunFailure {
  phase: string;
  error: SyncError;
  nextAttempt: Date | null;
  state: 'failed' | 'dead';
  differences?: Difference[];
}

/**
 * Books the failure of an attempt on the run and its link; after the last one also as a dead letter, whose id is returned. The list
 * keeps what it had. Null (and nothing booked) if the run is not this worker's any more, or if no dead letter was made.
 */
export async function failRun(database: Database, taken: { runId: number; fence: number }, failure: RunFailure): Promise<number | null> {
  return transaction(database, async (tx) => {
    const final = failure.nextAttempt === null;
    const run = await queryOne<{ slave_list_id: number }>(
      tx,
      `update runs set state = :state, error = :error::jsonb, next_attempt = :nextAttempt, heartbeat = now(),
         differences = coalesce(:differences::jsonb, differences), finished_date = case when :final then now() end
       where id = :runId and fence = :fence and finished_date is null returning slave_list_id`,
      {
        ...taken,
        state: final ? failure.state : 'failed',
        error: JSON.stringify(failure.error),
        nextAttempt: failure.nextAttempt,
        differences: failure.differences ? JSON.stringify(failure.differences) : null,
        final,
      },
    );
    if (!run) return null;
    await query(tx, `update links set state = 'failed', error = :error::jsonb where slave_list_id = :list and fence = :fence`, {
      list: run.slave_list_id,
      fence: taken.fence,
      error: JSON.stringify(failure.error),
    });
    if (!final) return null;
    const letter = await queryOne<{ id: number }>(
      tx,
      `insert into dead_letters (slave_list_id, run_id, phase, code, sentence, remedy)
       values (:list, :runId, :phase, :code, :sentence, :remedy)
       on conflict (slave_list_id) do update set run_id = excluded.run_id, phase = excluded.phase, code = excluded.code,
         sentence = excluded.sentence, remedy = excluded.remedy, last_date = now(), count = dead_letters.count + 1
       returning id`,
      {
        list: run.slave_list_id,
        runId: taken.runId,
        phase: failure.phase,
        code: failure.error.code,
        sentence: failure.error.desc,
        remedy: failure.error.remedy,
      },
    );
    return letter?.id ?? null;
  });
}

/**
 * Ends a run that found the replica at the master's head already. False, and nothing is booked, if the list isn't what its last sync left any more:
 * somebody changed it since the run looked. Throws FencedError.
 */
export async function finishUnchanged(database: Database, taken: TakenRun, headTag: string | null): Promise<boolean> {
  const found = await preparedOne<{ ended: boolean }>(database, 'finish unchanged', {
    sql: `with mine as (
       select slave_list_id as list_id from links where slave_list_id = :listId and fence = :fence and state <> 'unlinking' for update
     ),
     link as (
       update links k set state = 'synced', error = null, head_tag = :headTag, last_success = now(), verified_at = now(),
         deep_verified_at = ${deepVerified}
       from mine where k.slave_list_id = mine.list_id and holds_position(k) returning mine.list_id
     ),
     run as (
       update runs set state = 'unchanged', finished_date = now(), heartbeat = now(), error = null,
         unchanged = (select dossier_count from list_positions where list_id = :listId)
       from link where id = :runId
     ),
     letters as (delete from dead_letters using link where slave_list_id = list_id),
     holds as (update holds set state = 'superseded' from link where slave_list_id = list_id and ${standing})
     select exists (select from link) as ended from mine`,
    parameters: { ...taken, headTag },
  });
  if (!found) throw new FencedError();
  return found.ended;
}

/** A link of which the master has said that its list's head is the one with this tag. */
export interface UnchangedLink {
  slaveListId: number;
  headTag: string;
  /** The local date for which this is the scheduled run, and when the next one is due. */
  scheduledDate: string;
  nextRun: Date;
}

/**
 * Books a scheduled run that changed nothing for each of the links that are whole here and wait for nothing else; returns their lists. The others
 * need a run of their own.
 */
export async function recordUnchanged(connection: Connection, links: readonly UnchangedLink[]): Promise<number[]> {
  const rows = await query<{ list_id: number }>(
    connection,
    `with asked as (
       select * from unnest(:lists::bigint[], :tags::text[], :dates::date[], :nextRuns::timestamptz[]) as a (list_id, tag, scheduled_date, due)
     ),
     whole as (
       select k.slave_list_id, a.scheduled_date, a.due from asked a join links k on k.slave_list_id = a.list_id
       where k.state = 'synced' and k.head_tag = a.tag and holds_position(k)
         and not exists (select from runs r where r.slave_list_id = k.slave_list_id and r.finished_date is null)
         and not exists (select from missing_photos m where m.slave_list_id = k.slave_list_id)
         and not exists (select from set_aside a where a.list_id = k.slave_list_id and a.reason <> 'kept-deleted')
         and not exists (select from holds where holds.slave_list_id = k.slave_list_id and ${standing})
       order by k.slave_list_id for update of k
     ),
     link as (
       update links k set last_attempt = now(), last_success = now(), verified_at = now(), next_run = due, last_scheduled_date = w.scheduled_date
       from whole w where k.slave_list_id = w.slave_list_id returning k.slave_list_id as list_id
     )
     insert into runs (slave_list_id, reason, mode, state, attempt, started_date, finished_date, heartbeat, unchanged)
     select l.list_id, 'schedule', 'auto', 'unchanged', 1, now(), now(), now(), p.dossier_count
     from link l join list_positions p on p.list_id = l.list_id
     returning slave_list_id as list_id`,
    {
      lists: links.map((link) => link.slaveListId),
      tags: links.map((link) => link.headTag),
      dates: links.map((link) => link.scheduledDate),
      nextRuns: links.map((link) => link.nextRun.toISOString()),
    },
  );
  return rows.map((row) => row.list_id);
}

/**
 * Ends a verification. Without differences the link is synced as of now, unless it never was: then it still waits for its first sync. With some the
 * run failed; the link failed too only if the replica itself is not what its last sync left (`corrupted`), otherwise the master has just moved on
 * since. Throws FencedError.
 */
export async function finishVerification(
  database: Database,
  taken: TakenRun,
  outcome: { differences: Difference[]; corrupted: boolean; headRevision: number },
): Promise<void> {
  const { differences } = outcome;
  const error: SyncError | null =
    differences.length === 0
      ? null
      : {
          code: 'REPLICA_DIFFERS',
          desc: `${differences.length === 100 ? 'At least 100' : differences.length} dossiers differ from the master's${explain(outcome)}.`,
          remedy: 'Sync the list: it fetches what differs.',
          attempts: 1,
          next_attempt: null,
        };
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await query(
      tx,
      `update links set state = case when :failed then 'failed' when epoch is null then 'pending' else 'synced' end,
         error = case when :failed then :error::jsonb end, head_revision = :headRevision,
         verified_at = case when :equal and epoch is not null then now() else verified_at end,
         deep_verified_at = case when :equal and epoch is not null then now() else deep_verified_at end
       where slave_list_id = :listId`,
      {
        listId: taken.listId,
        failed: error !== null && outcome.corrupted,
        equal: error === null,
        error: JSON.stringify(error),
        headRevision: outcome.headRevision,
      },
    );
    await query(
      tx,
      `update runs set state = :state, finished_date = now(), heartbeat = now(), error = :error::jsonb, differences = :differences::jsonb where id = :runId`,
      {
        runId: taken.runId,
        state: error ? 'failed' : 'synced',
        error: error && JSON.stringify(error),
        differences: JSON.stringify(differences),
      },
    );
  });
}

function explain({ differences, corrupted }: { differences: readonly Difference[]; corrupted: boolean }): string {
  if (differences.every(({ kind }) => kind === 'set-aside')) return ', as they are set aside: the link says why';
  return corrupted ? '' : ', which has moved on since the last sync';
}

/** A run that the queue should have been reminded of by now. */
export interface StrandedRun {
  id: number;
  slave_list_id: number;
  attempt: number;
  /** Whether its link has been greeted; otherwise the link command is due first. */
  greeted: boolean;
}

/**
 * Runs whose reminder in the queue seems lost: queued or due for their next attempt for `overdueSeconds`, or taken by a worker that
 * hasn't given a sign of life for `silentSeconds`. Reminding twice is harmless.
 */
export async function listStrandedRuns(
  connection: Connection,
  age: { overdueSeconds: number; silentSeconds: number },
): Promise<StrandedRun[]> {
  return query<StrandedRun>(
    connection,
    `select r.id, r.slave_list_id, r.attempt, k.remote_list is not null as greeted
     from runs r join links k on k.slave_list_id = r.slave_list_id
     where r.finished_date is null and k.state <> 'unlinking' and case r.state
       when 'queued' then coalesce(r.heartbeat, r.created_date) < now() - make_interval(secs => :overdueSeconds)
       when 'failed' then r.next_attempt < now() - make_interval(secs => :overdueSeconds)
       else r.heartbeat < now() - make_interval(secs => :silentSeconds) end
     order by r.id`,
    age,
  );
}

/** Deletes finished runs beyond the newest `keep` of each link, and staging that no unfinished run needs. */
export async function pruneRuns(database: Database, keep: number): Promise<void> {
  await query(
    database,
    `delete from runs r using (
       select id, row_number() over (partition by slave_list_id order by id desc) as ordinal from runs
     ) o where o.id = r.id and o.ordinal > :keep and r.finished_date is not null`,
    { keep },
  );
  for (const table of ['staging_cursors', 'staged_dossiers', 'staged_photos', 'staged_hashes']) {
    await query(database, `delete from ${table} s where not exists (select from runs r where r.id = s.run_id and r.finished_date is null)`);
  }
}

/** Forgets tombstones older than so many days; slaves that stand below the floor compare by content. */
export async function pruneTombstones(database: Database, days: number): Promise<void> {
  await query(
    database,
    `with gone as (
       delete from tombstones where removed_date < now() - make_interval(days => :days) returning list_id, revision
     )
     update list_positions p set floor = greatest(p.floor, g.revision)
     from (select list_id, max(revision) as revision from gone group by list_id) g where g.list_id = p.list_id`,
    { days },
  );
}
