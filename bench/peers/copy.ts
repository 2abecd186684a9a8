import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { execute, withClient } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { peerColumns, peerTables } from '../fill.ts';

/**
 * Copies the list into fresh tables by two parallel pipes from COPY TO to COPY FROM, one for each table. Returns the milliseconds until
 * both have been committed.
 */
export async function copyInParallel(options: { master: Cluster; slave: Cluster; database: string; secondary: boolean }): Promise<number> {
  const { master, slave, database, secondary } = options;
  await execute(slave.url(database), ...peerTables(secondary), 'checkpoint');
  const begun = performance.now();
  await Promise.all((['dossier', 'face'] as const).map((table) => copyTable(master.url(database), slave.url(database), table)));
  return performance.now() - begun;
}

async function copyTable(from: string, to: string, table: keyof typeof peerColumns): Promise<void> {
  await withClient(from, (source) =>
    withClient(to, async (target) => {
      await pipeline(
        source.query(copyTo(`copy (select ${peerColumns[table]} from ${table} where list_id = 1) to stdout`)),
        target.query(copyFrom(`copy ${table} (${peerColumns[table]}) from stdin`)),
      );
    }),
  );
}
