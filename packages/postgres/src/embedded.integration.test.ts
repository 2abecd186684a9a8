import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { createLogger } from '@dossier/runtime/logger.ts';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { deleteEmbeddedDatabase, startEmbeddedDatabase } from './embedded.ts';
import type { EmbeddedDatabase } from './embedded.ts';
import { identifyProcess } from './embedded/process-identity.ts';

const logger = createLogger({ level: 'silent', name: 'test', pretty: false });

interface Held {
  readonly process: ChildProcess;
  readonly url: string;
  readonly owned: boolean;
}

let dataDir: string;
let databases: EmbeddedDatabase[];
let processes: ChildProcess[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'dossier-embedded-'));
  await chmod(dataDir, 0o755);
  databases = [];
  processes = [];
});

afterEach(async () => {
  for (const child of processes) await end(child);
  for (const database of databases) await database.stop();
  await deleteEmbeddedDatabase({ dataDir, logger });
  await rm(dataDir, { recursive: true });
});

async function start(): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase({ dataDir, logger });
  databases.push(database);
  return database;
}

/** Another process that uses the database of the same folder. */
async function hold(): Promise<Held> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'embedded/hold-database.fixture.ts'), dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  processes.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, owned } = JSON.parse(line) as Omit<Held, 'process'>;
    return { process: child, url, owned };
  }
  throw new Error('The process ended without a word.');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

async function query(url: string, text: string): Promise<unknown[][]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

async function serverPid(): Promise<number> {
  const content = await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8');
  return Number(content.split('\n')[0]);
}

async function untilGone(pid: number): Promise<void> {
  await expect.poll(() => identifyProcess(pid), { timeout: 20_000 }).toBeNull();
}

describe('a new embedded database', () => {
  it('is durable, reachable from this host only, and orders text the same everywhere', async () => {
    const { url } = await start();
    const settings = `SELECT name, setting FROM pg_settings
      WHERE name IN ('fsync', 'listen_addresses', 'server_encoding', 'unix_socket_directories') ORDER BY name`;
    expect(await query(url, settings)).toEqual([
      ['fsync', 'on'],
      ['listen_addresses', '127.0.0.1'],
      ['server_encoding', 'UTF8'],
      ['unix_socket_directories', ''],
    ]);
    const order = `SELECT string_agg(word, ' ' ORDER BY word) FROM unnest(ARRAY['b', 'ä', 'Z', 'a', 'Я', 'я']) AS word`;
    expect(await query(url, order)).toEqual([['Z a b ä Я я']]);
    expect(await query(url, `SELECT 'Яна' ILIKE 'яНА'`)).toEqual([[true]]);
    expect(await query(url, 'SELECT current_database()')).toEqual([['dossier']]);
  });

  it('keeps the password to the user who starts it, and refuses another', async () => {
    const { url } = await start();
    expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('is made once when several processes start at the same moment', async () => {
    const held = await Promise.all([hold(), hold(), hold()]);
    expect(new Set(held.map((each) => each.url)).size).toBe(1);
    expect(held.filter((each) => each.owned)).toHaveLength(1);
  });

  it('lives where its user can reach it', async () => {
    await chmod(dataDir, 0o700);
    const { url, databaseDir } = await start();
    expect(await query(url, 'SELECT 1')).toEqual([[1]]);
    if (process.getuid?.() !== 0) {
      expect(databaseDir).toBe(join(dataDir, 'postgres'));
      return;
    }
    expect(databaseDir).toMatch(/^\/var\/lib\/dossier\//);
    expect(await readFile(join(dataDir, 'postgres.location'), 'utf8')).toBe(`${databaseDir}\n`);
  });
});

describe('several users of one database', () => {
  it('lets the last to leave end the server, whoever started it', async () => {
    const first = await hold();
    const second = await start();
    expect([first.owned, second.owned]).toEqual([true, false]);
    await end(first.process);
    expect(await query(second.url, 'SELECT 1')).toEqual([[1]]);
    const pid = await serverPid();
    await second.stop();
    expect(identifyProcess(pid)).toBeNull();
  });

  it('is not deleted under its users', async () => {
    const { url } = await start();
    await expect(deleteEmbeddedDatabase({ dataDir, logger })).rejects.toThrow('is in use');
    expect(await query(url, 'SELECT 1')).toEqual([[1]]);
  });
});

describe('after a process was killed', () => {
  it('starts anew after the server has crashed, and one who knew the old server does not end the new one', async () => {
    const held = await hold();
    await query(held.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    process.kill(await serverPid(), 'SIGKILL');
    const database = await start();
    await end(held.process);
    expect(database.owned).toBe(true);
    expect(await query(database.url, 'SELECT id FROM kept')).toEqual([[1]]);
    const another = await hold();
    expect(another).toMatchObject({ url: database.url, owned: false });
  });

  it('ends the server when its only user exits without a word', async () => {
    const held = await hold();
    const pid = await serverPid();
    held.process.kill('SIGUSR2');
    await untilGone(pid);
    expect((await start()).owned).toBe(true);
  });

  it('takes over the server that is left, with all that was committed', async () => {
    const held = await hold();
    await query(held.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    await kill(held.process);
    const database = await start();
    expect(database.owned).toBe(true);
    expect(await query(database.url, 'SELECT id FROM kept')).toEqual([[1]]);
  });

  it('starts although another program has got the number of the dead server', async () => {
    const held = await hold();
    await query(held.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    const databaseDir = join(dataDir, 'postgres');
    const pidFile = join(databaseDir, 'postmaster.pid');
    const content = await readFile(pidFile, 'utf8');
    const pid = Number(content.split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await untilGone(pid);
    await kill(held.process);

    // Of the same user: PostgreSQL knows by itself that another user's process isn't its server.
    const { uid, gid } = await stat(databaseDir);
    const stranger = spawn('sleep', ['60'], { stdio: 'ignore', ...(process.getuid?.() === 0 ? { uid, gid } : {}) });
    await once(stranger, 'spawn');
    await writeFile(pidFile, content.replace(/^\d+/, String(stranger.pid)));
    const database = await start();
    expect(await query(database.url, 'SELECT id FROM kept')).toEqual([[1]]);
    await kill(stranger);
  });
});

describe('a database that must not be touched', () => {
  it('is refused when it is of another major version', async () => {
    const database = await start();
    const { databaseDir } = database;
    await database.stop();
    await writeFile(join(databaseDir, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toMatchObject({
      name: 'ExitError',
      exitCode: 1,
      message: expect.stringContaining('PostgreSQL 17') as string,
    });
    await access(join(databaseDir, 'global', 'pg_control'));
  });

  it('is not replaced by an empty one when its folder is missing', async () => {
    const gone = '/var/lib/dossier/0123456789abcdef-01234567/postgres';
    const location = join(dataDir, 'postgres.location');
    await writeFile(location, `${gone}\n`);
    await expect(start()).rejects.toThrow(gone);
    await expect(access(join(dataDir, 'postgres'))).rejects.toMatchObject({ code: 'ENOENT' });
    await rm(location);
  });
});
