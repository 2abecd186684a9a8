import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { isRoot } from '@dossier/postgres/embedded/account.ts';
import { Client } from 'pg';

import { freePort } from './free-port.ts';

export type PoolMode = 'session' | 'transaction';

/** A PgBouncer of its own, of the Debian package, with the settings that it comes with but for the pool's mode and size. */
export interface PgBouncer {
  /** The URL of a database of the server, through the pooler. */
  url(database: string): string;
  /** Starts it anew at the same port; connections are cut. */
  restart(mode: PoolMode): Promise<void>;
  stop(): Promise<void>;
}

/** Before the server at this URL, whose user it is for all. */
export async function startPgBouncer(serverUrl: string, first: PoolMode): Promise<PgBouncer> {
  const { hostname, port: serverPort, username } = new URL(serverUrl);
  const folder = await mkdtemp(join(tmpdir(), 'dossier-pgbouncer-'));
  await chmod(folder, 0o755);
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  const url = (database: string): string => `postgres://${username}@127.0.0.1:${port}/${database}`;

  const launch = async (mode: PoolMode): Promise<ChildProcess> => {
    const settings = [
      '[databases]',
      `* = host=${hostname} port=${serverPort} user=${username}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      'default_pool_size = 60',
      'max_client_conn = 300',
    ];
    await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o644 });
    // It refuses to run as root.
    const child = spawn('pgbouncer', ['--quiet', ...(isRoot() ? ['--user=postgres'] : []), file], { stdio: 'ignore' });
    await once(child, 'spawn');
    await answers(url('postgres'), child);
    return child;
  };
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  };

  let child = await launch(first);
  return {
    url,
    async restart(mode) {
      await end();
      child = await launch(mode);
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended with ${child.exitCode}`);
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    const isUp = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (isUp) return;
    await delay(50);
  }
}
