import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findOrMakeAccount, isRoot } from '@dossier/postgres/embedded/account.ts';
import { findBinaries } from '@dossier/postgres/embedded/binaries.ts';
import { bareEnvironment } from '@dossier/postgres/embedded/cluster.ts';
import { sharedFolder } from '@dossier/postgres/embedded/place.ts';
import { freePort } from '@dossier/test/kit/free-port.ts';
import { Client } from 'pg';
import type { Cleanup } from './cleanup.ts';

const run = promisify(execFile);
const readyWithinMs = 60_000;

/**
 * The same for both sides. fsync stays on; the sizes are those of a small server. jit is off as in the node's own embedded database: its
 * planner would otherwise compile statements that take milliseconds.
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  shared_buffers: '1GB',
  max_wal_size: '16GB',
  max_connections: '300',
  jit: 'off',
  timezone: 'UTC',
};

/** A PostgreSQL server of the benchmark's own, on the binaries that the product embeds. */
export interface Cluster {
  /** Address of one of its databases. */
  url(database: string): string;
  pid: number;
}

/** Makes a cluster in the system's folder for temporary files and starts it. As root it runs as the user `postgres`. */
export async function startCluster(role: 'master' | 'slave', cleanup: Cleanup): Promise<Cluster> {
  const account = isRoot() ? await findOrMakeAccount() : null;
  const programs = await findBinaries(account, sharedFolder);
  const folder = await mkdtemp(join(tmpdir(), `dossier-bench-${role}-`));
  cleanup.defer(folder, () => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o700);
  if (account) await chown(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = { ...account, cwd: folder, env: bareEnvironment };
  await run(programs.initdb, ['-D', data, '-U', 'dossier', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions'], options);

  const port = await freePort();
  const log = await open(join(folder, 'postgres.log'), 'a');
  const flags = Object.entries({ ...settings, wal_level: role === 'master' ? 'logical' : 'replica' }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(programs.postgres, ['-D', data, '-p', String(port), ...flags], {
    ...options,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  cleanup.defer(`the ${role}'s PostgreSQL`, () => endServer(child));
  const url = (database: string): string => `postgres://dossier@127.0.0.1:${port}/${database}`;
  await waitUntilReady(child, url('postgres'), join(folder, 'postgres.log'));
  return { url, pid: child.pid ?? 0 };
}

async function waitUntilReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    try {
      return await withClient(url, async () => undefined);
    } catch (error) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended: ${await readFile(logFile, 'utf8')}`, { cause: error });
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/** SIGINT is PostgreSQL's fast shutdown; it takes a while where much is to be written. */
async function endServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  await ended;
}

/** Runs work on a connection of its own. */
export async function withClient<Result>(url: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  // An idle connection that breaks is noticed by the next statement.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs statements one after another on a connection of their own, each by itself and not in a transaction. */
export async function execute(url: string, ...statements: string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}
