import type { Cleanup } from '../cleanup.ts';
import { execute } from '../cluster.ts';
import type { Cluster } from '../cluster.ts';
import { peerTables } from '../fill.ts';
import { BenchProcess } from '../bench-process.ts';

/** Runs the naive program into fresh tables; the milliseconds of its first run and of a second one, in which nothing has changed. */
export async function runNaiveProgram(
  { master, slave, database }: { master: Cluster; slave: Cluster; database: string },
  cleanup: Cleanup,
): Promise<{ firstMs: number; unchangedMs: number }> {
  await execute(slave.url(database), ...peerTables(false), 'checkpoint');
  const server = new BenchProcess('peers/naive-master.ts', [master.url(database)], cleanup);
  const port = await server.ask('listen');
  const client = new BenchProcess('peers/naive-slave.ts', [`http://127.0.0.1:${port}/`, slave.url(database)], cleanup);
  try {
    return { firstMs: await client.ask('synchronise'), unchangedMs: await client.ask('synchronise') };
  } finally {
    await client.end();
    await server.end();
  }
}
