import { liesAhead } from '@dossier/postgres/clock.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { clearFinishedRuns } from './cursors.ts';
import { standing } from './holds.ts';

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

/** Deletes finished runs beyond the newest `keep` of each link, and what runs fetched that are over. */
export async function pruneRuns(database: Database, keep: number): Promise<void> {
  await query(
    database,
    `delete from runs r using (
       select id, row_number() over (partition by slave_list_id order by id desc) as ordinal from runs
     ) o where o.id = r.id and o.ordinal > :keep and r.finished_date is not null`,
    { keep },
  );
  await clearFinishedRuns(database);
}

/** So many rows of a set are deleted at once, for readers and autovacuum not to have to wait. */
const rowsAtOnce = 10_000;

/**
 * Deletes the rows of sets that nothing needs: a run that filled one is over, a hold, an undo or a deletion that kept one is past, or a list was pointed elsewhere.
 * Not before minutes have passed, as a reader may have looked up the pointer a moment ago. Photos that they showed are noted for collection.
 */
export async function sweepSets(database: Database, { minutes = 10 }: { minutes?: number } = {}): Promise<void> {
  await query(
    database,
    `update sets s set purpose = 'garbage', since = age_moment() where purpose <> 'garbage' and not case purpose
       when 'filling' then exists (select from runs r where r.id = s.run_id and r.finished_date is null)
       when 'held' then exists (select from holds h where h.slave_list_id = s.list_id and h.${standing})
       when 'bin' then exists (select from binned_sets b where b.set_id = s.set_id)
       when 'withdrawn' then exists (select from withdrawn_lists w where w.set_id = s.set_id and w.erased_date is null)
       else exists (select from journals j where j.former_set = s.set_id) end`,
  );
  const garbage = await query<{ set_id: number }>(
    database,
    `select set_id from sets where purpose = 'garbage' and since <= age_moment() - make_interval(mins => :minutes)
       and not exists (select from list_positions p where p.set_id = sets.set_id)`,
    { minutes },
  );
  for (const { set_id: setId } of garbage) await deleteSet(database, setId);
}

async function deleteSet(database: Database, setId: number): Promise<void> {
  for (;;) {
    const deleted = await transaction(database, async (tx) => {
      await query(tx, `select set_config('dossier.writer', 'on', true)`);
      return query(
        tx,
        `with gone as (
           delete from dossiers where set_id = ${setId} and uuid in (select uuid from dossiers where set_id = ${setId} order by uuid limit ${rowsAtOnce})
           returning photos
         ), noted as (
           insert into photo_garbage (sha256)
           select distinct decode(e ->> 'sha256', 'hex') from gone, json_array_elements(gone.photos) e on conflict do nothing
         )
         select from gone`,
      );
    });
    if (deleted.length < rowsAtOnce) break;
  }
  for (const table of ['tombstones', 'tree_nodes', 'sets']) await query(database, `delete from ${table} where set_id = ${setId}`);
}

/** Forgets tombstones older than so many days; slaves that stand below the floor compare by content. */
export async function pruneTombstones(database: Database, days: number): Promise<void> {
  await query(
    database,
    `with gone as (
       -- What isn't in the tree yet is found by its tombstones.
       delete from tombstones t using list_positions p
       where t.removed_date < age_moment() - make_interval(days => :days) and p.set_id = t.set_id and t.revision <= p.tree_revision
       returning p.list_id, t.revision
     )
     update list_positions p set floor = greatest(p.floor, g.revision)
     from (select list_id, max(revision) as revision from gone group by list_id) g where g.list_id = p.list_id`,
    { days },
  );
}
