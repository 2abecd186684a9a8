import { setTimeout as delay } from 'node:timers/promises';
import { execute, withClient } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { peerTables } from '../fill.ts';

const pollMs = 5;

export interface LogicalTimes {
  /** From CREATE SUBSCRIPTION until all tables are in step. */
  initialMs: number;
  /** From the commit of a change of 1 % on the master until it can be read on the slave. */
  changeMs: number;
}

/** Offers the peers' tables of a master's database by PostgreSQL's logical replication, with a row filter for the list. */
export async function publish(url: string): Promise<void> {
  await execute(url, 'create publication bench for table dossier where (list_id = 1), face where (list_id = 1)');
}

/** Replicates the published tables into fresh ones and measures. Nothing of it is left. */
export async function replicateLogically(options: {
  master: Cluster;
  slave: Cluster;
  database: string;
  secondary: boolean;
  /** How many rows the change is of. */
  changed: number;
  round: number;
}): Promise<LogicalTimes> {
  const { master, slave, database, secondary } = options;
  await execute(slave.url(database), ...peerTables(secondary), 'checkpoint');
  return withClient(slave.url(database), async (client) => {
    const begun = performance.now();
    await client.query(`create subscription bench connection '${master.url(database)}' publication bench`);
    try {
      await until(async () => {
        const { rows } = await client.query<{ waiting: string; all: string }>(
          `select count(*) filter (where srsubstate <> 'r') as waiting, count(*) as all from pg_subscription_rel`,
        );
        return rows[0]?.waiting === '0' && rows[0].all === '2';
      });
      const initialMs = performance.now() - begun;
      await client.query('analyze dossier, face');
      const changeMs = await measureChange(options, async (last) => {
        const { rows } = await client.query(`select from dossier where list_id = 1 and uuid = $1 and meta ->> 'round' = $2`, [
          last,
          String(options.round),
        ]);
        return rows.length === 1;
      });
      return { initialMs, changeMs };
    } finally {
      await client.query('drop subscription bench');
    }
  });
}

/** Changes rows on the master in one transaction; the milliseconds from its commit until `isThere` holds for the last of them. */
async function measureChange(
  { master, database, changed, round }: { master: Cluster; database: string; changed: number; round: number },
  isThere: (last: string) => Promise<boolean>,
): Promise<number> {
  return withClient(master.url(database), async (client) => {
    await client.query('begin');
    const { rows } = await client.query<{ uuid: string }>(
      `update dossier set meta = jsonb_set(meta, '{round}', to_jsonb($1::int)), modified_date = now()
       where list_id = 1 and id % (select greatest(1, max(id) / $2) from dossier) = 0 returning uuid`,
      [round, changed],
    );
    await client.query('commit');
    const committed = performance.now();
    await until(() => isThere(rows.at(-1)?.uuid ?? ''));
    return performance.now() - committed;
  });
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(pollMs);
}
