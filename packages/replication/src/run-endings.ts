import type { Knex } from 'knex';
import type { Difference, SyncError } from '@dossier/protocol/sync.ts';
import { preparedOne, query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { standing } from './holds.ts';
import { FencedError, requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { withoutPromise } from './run-sentences.ts';

/** Of a link `k`: the replica lacks photos of its master, so that it isn't equal to it whatever its digest says. */
const lacksPhotos = `exists (select from missing_photos m where m.slave_list_id = k.slave_list_id)`;

/** For an update of links `k`: when the replica was last equal to the master, which it is now, unless it lacks photos. */
export const verified = `case when ${lacksPhotos} then k.verified_at else now() end`;

/** For an update of links `k`: a run that looked at every row and photo says so, unless photos are lacking. */
export const deepVerified = `(select case when r.mode in ('repair', 'verify') and not ${lacksPhotos} then now() else k.deep_verified_at end
  from runs r where r.id = :runId)`;

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
    const error = final ? { ...failure.error, remedy: withoutPromise(failure.error.remedy) } : failure.error;
    const run = await queryOne<{ slave_list_id: number }>(
      tx,
      `update runs set state = :state, error = :error::jsonb, next_attempt = :nextAttempt, heartbeat = now(),
         differences = coalesce(:differences::jsonb, differences), finished_date = case when :final then now() end
       where id = :runId and fence = :fence and finished_date is null returning slave_list_id`,
      {
        ...taken,
        state: final ? failure.state : 'failed',
        error: JSON.stringify(error),
        nextAttempt: failure.nextAttempt,
        differences: failure.differences ? JSON.stringify(failure.differences) : null,
        final,
      },
    );
    if (!run) return null;
    await query(tx, `update links set state = 'failed', error = :error::jsonb where slave_list_id = :list and fence = :fence`, {
      list: run.slave_list_id,
      fence: taken.fence,
      error: JSON.stringify(error),
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
        code: error.code,
        sentence: error.desc,
        remedy: error.remedy,
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
       update links k set state = 'synced', error = null, head_tag = :headTag, last_success = now(), verified_at = ${verified},
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
 * Ends a verification. Without differences the link is synced as of now and nothing waits for a person any more, unless it never was synced: then it
 * still waits for its first sync. With some the run failed; the link failed too if the replica itself is not what its last sync left (`corrupted`).
 * Otherwise the master has just moved on since, and the link is what it was before: also held, or failed. Throws FencedError.
 */
export async function finishVerification(
  database: Database,
  taken: TakenRun,
  outcome: {
    differences: Difference[];
    /** Whether what the list declares isn't what the master's does. */
    declarationDiffers: boolean;
    corrupted: boolean;
    photosMissing: number;
    photosDamaged: number;
    headRevision: number;
  },
): Promise<void> {
  const { differences, declarationDiffers } = outcome;
  const error: SyncError | null =
    differences.length === 0 && !declarationDiffers
      ? null
      : {
          code: 'REPLICA_DIFFERS',
          desc: describeDifferences(outcome),
          remedy: 'Sync the list: it fetches what differs.',
          attempts: 1,
          next_attempt: null,
        };
  await transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await query(
      tx,
      `update links set state = case when :failed then 'failed' when epoch is null then 'pending' when :equal then 'synced'
           when exists (select from holds where holds.slave_list_id = links.slave_list_id and ${standing}) then 'held'
           when error is not null then 'failed' else 'synced' end,
         error = case when :failed then :error::jsonb when epoch is not null and not :equal then error end, head_revision = :headRevision,
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
    if (error === null) await settleLink(tx, taken.listId);
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

function describeDifferences(outcome: {
  differences: readonly Difference[];
  declarationDiffers: boolean;
  corrupted: boolean;
  photosMissing: number;
  photosDamaged: number;
}): string {
  const { differences, declarationDiffers } = outcome;
  const dossiers = `${howMany(differences.length)} from the master's${explain(outcome)}.${tellOfPhotos(outcome)}`;
  if (!declarationDiffers) return dossiers;
  const declared = "The fields that the list declares, or what to do at the door, differ from the master's.";
  return differences.length === 0 ? declared : `${dossiers} ${declared}`;
}

/** What waited for a person waits no more: the list is the master's. */
async function settleLink(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(
    tx,
    `with link as (select slave_list_id from links where slave_list_id = :listId and epoch is not null),
     letters as (delete from dead_letters d using link where d.slave_list_id = link.slave_list_id)
     update holds set state = 'superseded' from link where holds.slave_list_id = link.slave_list_id and ${standing}`,
    { listId },
  );
}

function tellOfPhotos({ photosMissing, photosDamaged }: { photosMissing: number; photosDamaged: number }): string {
  if (photosMissing + photosDamaged === 0) return '';
  return ` Photos whose files are missing here: ${photosMissing}; wrong: ${photosDamaged}.`;
}

function howMany(differences: number): string {
  if (differences === 1) return '1 dossier differs';
  return `${differences === 100 ? 'At least 100' : differences} dossiers differ`;
}

function explain({ differences, corrupted }: { differences: readonly Difference[]; corrupted: boolean }): string {
  if (differences.every(({ kind }) => kind === 'set-aside')) return ', as they are set aside: the link says why';
  return corrupted ? '' : ', which has moved on since the last sync';
}
