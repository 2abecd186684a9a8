import { query } from './database.ts';
import type { Connection } from './database.ts';

/** No program of ours leaves a transaction alone for so long while others wait for it, unless its process stands still. */
const frozenSeconds = 40;

/**
 * Ends the connections of this node's processes that hold others up: they have a transaction open, somebody waits for its locks, and for so many seconds
 * nothing came of it. Such a process is stopped, swapped out, or on a host that is gone; PostgreSQL rolls back what it had begun. Connections of other
 * programs are left alone. Returns how many were ended.
 */
export async function endFrozenTransactions(
  connection: Connection,
  { seconds = frozenSeconds }: { seconds?: number } = {},
): Promise<number> {
  const [ended] = await query<{ count: number }>(
    connection,
    `with blocking as (
       select distinct unnest(pg_blocking_pids(pid)) as pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
     )
     select count(*) filter (where pg_terminate_backend(a.pid)) as count from pg_stat_activity a join blocking using (pid)
     where a.datname = current_database() and a.usename = current_user and a.application_name like 'dossier%' and a.pid <> pg_backend_pid()
       and a.xact_start is not null and a.wait_event_type = 'Client' and a.state_change < clock_timestamp() - make_interval(secs => :seconds)`,
    { seconds },
  );
  return ended?.count ?? 0;
}
