import { liesAhead } from './clock.ts';
import { query } from './database.ts';
import type { Connection, Database } from './database.ts';

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
 * hasn't given a sign of life for `silentSeconds`. A sign of life or an attempt that lies further ahead than any can be was noted by a wrong
 * clock, and counts as none. Reminding twice is harmless.
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
         or ${liesAhead('coalesce(r.heartbeat, r.created_date)')}
       when 'failed' then r.next_attempt < now() - make_interval(secs => :overdueSeconds) or ${liesAhead('r.next_attempt')}
       else r.heartbeat < now() - make_interval(secs => :silentSeconds) or ${liesAhead('r.heartbeat')} end
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
       delete from tombstones where removed_date < age_moment() - make_interval(days => :days) returning list_id, revision
     )
     update list_positions p set floor = greatest(p.floor, g.revision)
     from (select list_id, max(revision) as revision from gone group by list_id) g where g.list_id = p.list_id`,
    { days },
  );
}
