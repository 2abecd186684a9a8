import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';

import { freePort } from './free-port.ts';
import type { FaultyServer } from './faulty-server.ts';

/** A Redis of its own on a free port; needs the program `redis-server` and fails without it. */
export async function startRedisServer(): Promise<FaultyServer & { crash(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'dossier-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child = await launch(port, directory);

  return {
    redisUrl: url,
    databaseUrl: 'postgres://unused.invalid/unused',
    async pause() {
      await ended(child, 'SIGTERM');
    },
    async resume() {
      child = await launch(port, directory);
    },
    /** Kills the server, which loses what it has not written; `resume` starts it again on what is on the disk. */
    async crash() {
      await ended(child, 'SIGKILL');
    },
    async stop() {
      await ended(child, 'SIGKILL');
      await rm(directory, { recursive: true });
    },
  };
}

/** Resolves when the server answers. A restarted server loads what the last one saved. */
async function launch(port: number, directory: string): Promise<ChildProcess> {
  const parameters = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--appendonly',
    'yes',
    '--maxmemory-policy',
    'noeviction',
  ];
  const child = spawn('redis-server', parameters, { stdio: 'ignore' });
  await once(child, 'spawn');
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
