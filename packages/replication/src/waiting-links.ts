import { liesAhead } from '@dossier/postgres/clock.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * Links whose last run failed since the clocks of both nodes differed, or since the master's people haven't let this node in (any more), tried last more than
 * `minutes` ago: clocks are put right, and rights given, without anybody telling this node.
 */
export async function listWaitingLinks(connection: Connection, minutes: number): Promise<number[]> {
  const rows = await query<{ slave_list_id: number }>(
    connection,
    `select slave_list_id from links k
     where state = 'failed' and error ->> 'code' in ('CLOCK_DIFFERS', 'SITE_PENDING', 'LIST_WITHDRAWN')
       and (last_attempt < now() - make_interval(mins => :minutes) or ${liesAhead('last_attempt')})
       and not exists (select from runs r where r.slave_list_id = k.slave_list_id and r.finished_date is null)
     order by slave_list_id`,
    { minutes },
  );
  return rows.map((row) => row.slave_list_id);
}
