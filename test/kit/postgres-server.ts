import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { findOrMakeAccount, isRoot } from '@dossier/postgres/embedded/account.ts';
import { findBinaries } from '@dossier/postgres/embedded/binaries.ts';
import type { Binaries } from '@dossier/postgres/embedded/binaries.ts';
import { sharedFolder } from '@dossier/postgres/embedded/place.ts';
import { Client } from 'pg';

import { freePort } from './free-port.ts';
import type { FaultyServer } from './faulty-server.ts';

const run = promisify(execFile);

/**
 * A throw-away PostgreSQL cluster whose server can be stopped and started again on the same port, which the node's own embedded
 * database doesn't promise. PostgreSQL refuses to run as root; then it runs as the system's user `postgres`.
 */
export async function startPostgresServer({
  maximumConnections = 100,
  environment = {},
  programs: given,
}: { maximumConnections?: number; environment?: Record<string, string>; programs?: Binaries } = {}): Promise<
  FaultyServer & { crash(): Promise<void>; signal(signal: 'SIGSTOP' | 'SIGCONT'): void; own(folder: string): Promise<void> }
> {
  const owner = isRoot() ? await findOrMakeAccount() : null;
  const programs = given ?? (await findBinaries(owner, sharedFolder));
  const directory = await mkdtemp(join(tmpdir(), 'dossier-postgres-'));
  await chmod(directory, 0o700);
  if (owner) await chown(directory, owner.uid, owner.gid);
  const data = join(directory, 'data');
  await run(programs.initdb, ['-D', data, '-U', 'dossier', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...owner,
    cwd: directory,
  });

  const port = await freePort();
  const databaseUrl = `postgres://dossier@127.0.0.1:${port}/postgres`;
  const launch = async (): Promise<ChildProcess> => {
    const settings = [
      '-p',
      String(port),
      '-c',
      `max_connections=${maximumConnections}`,
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
    ];
    const child = spawn(programs.postgres, ['-D', data, ...settings], {
      ...owner,
      cwd: directory,
      env: { ...process.env, ...environment },
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    const isUp = await Promise.race([answers(databaseUrl).then(() => true), once(child, 'exit').then(() => false)]);
    // After a crash the server waits for no one: it ends at once as long as a session of the crashed one is still there.
    return isUp ? child : launch();
  };
  let child = await launch();
  /** SIGINT is PostgreSQL's fast shutdown: sessions are cut. */
  const end = async (): Promise<void> => {
    const exit = once(child, 'exit');
    child.kill('SIGINT');
    await exit;
  };

  return {
    redisUrl: null,
    databaseUrl,
    pause: end,
    async resume() {
      child = await launch();
    },
    /** Kills the server so that it can write nothing more; `resume` starts it again on what is on the disk. */
    async crash() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
    /** Stops all its processes where they are, or lets them go on. */
    signal(signal) {
      for (const pid of [child.pid ?? 0, ...childrenOf(child.pid ?? 0)]) process.kill(pid, signal);
    },
    /** Gives it a folder, for a tablespace. */
    async own(folder) {
      if (owner) await chown(folder, owner.uid, owner.gid);
      await chmod(folder, 0o700);
    },
    async stop() {
      if (child.exitCode === null && child.signalCode === null) await end();
      await rm(directory, { recursive: true });
    },
  };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
}

async function answers(url: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      await client.end();
      return;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (Date.now() > giveUpAt) throw error;
    }
  }
}
