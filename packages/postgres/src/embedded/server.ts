import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { ExitError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';

import type { Binaries } from './binaries.ts';
import { bareEnvironment } from './cluster.ts';
import { giveToOwner, isMissing } from './place.ts';
import type { Place } from './place.ts';
import { identifyProcess, isAlive } from './process-identity.ts';
import { explainTrouble } from './trouble.ts';

/** A running PostgreSQL. */
export interface Server {
  readonly pid: number;
  readonly port: number;
}

interface Postmaster extends Server {
  readonly status: string;
}

const pollMs = 25;
const portAttempts = 5;
/** Children of a postmaster that was killed end by themselves within moments. */
const leftoverTimeoutMs = 15_000;
/** Recovery after a power failure replays up to max_wal_size. */
const recoveryTimeoutMs = 600_000;
const noticeAfterMs = 10_000;
const maximumLogBytes = 10_000_000;

/** The server of this cluster if one runs; waits while one is starting or stopping. */
export async function findServer(place: Place, logger: Logger): Promise<Server | null> {
  const deadline = performance.now() + recoveryTimeoutMs;
  const notice = noticeOnce(() =>
    logger.info({ folder: place.databaseDir }, 'waiting for the embedded database, which is starting or stopping'),
  );
  for (;;) {
    const postmaster = await readPostmaster(place.databaseDir);
    if (postmaster === null || !isOurs(postmaster.pid, place.databaseDir)) return null;
    if (postmaster.status === 'ready') return postmaster;
    notice();
    if (performance.now() > deadline)
      throw explainTrouble(`It stays in state "${postmaster.status}".`, { doing: 'reached', folder: place.databaseDir });
    await sleep(pollMs);
  }
}

/** Starts PostgreSQL on a free port of the loopback interface and waits until it takes connections. */
export async function startServer(place: Place, binaries: Binaries, logger: Logger): Promise<Server> {
  await disownPid(place.databaseDir);
  await rotateLog(place.logFile);
  const leftoverDeadline = performance.now() + leftoverTimeoutMs;
  for (let portsTried = 0; ;) {
    const attempt = await tryStart(place, binaries, logger);
    if (typeof attempt !== 'string') return attempt;
    const portTaken = /Address already in use|could not bind/.test(attempt);
    const leftovers = /pre-existing shared memory block/.test(attempt) && performance.now() < leftoverDeadline;
    if (portTaken) portsTried += 1;
    if (leftovers) await sleep(500);
    if (!leftovers && !(portTaken && portsTried < portAttempts))
      throw explainTrouble(attempt, { doing: 'started', folder: place.databaseDir });
  }
}

/** Answers the server, or what PostgreSQL said when it gave up. */
async function tryStart(place: Place, binaries: Binaries, logger: Logger): Promise<Server | string> {
  const port = await findFreePort();
  const log = await open(place.logFile, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  await giveToOwner(place.dataDir, place.logFile);
  const { size: logStart } = await log.stat();
  const child = spawn(binaries.postgres, ['-D', place.databaseDir, '-p', String(port), ...settings()], {
    cwd: place.databaseDir,
    env: bareEnvironment,
    // A session of its own: Ctrl-C in a terminal must not reach PostgreSQL before our connections are closed.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    ...place.account,
  });
  child.unref();
  let failure: Error | null = null;
  child.on('error', (error) => (failure = error));
  const endWithUs = () => child.kill('SIGINT');
  process.once('exit', endWithUs);
  try {
    const notice = noticeOnce(() => logger.info({ log: place.logFile }, 'the embedded database is recovering; this can take minutes'));
    const deadline = performance.now() + recoveryTimeoutMs;
    while (child.exitCode === null && child.signalCode === null) {
      if (failure !== null) throw explainTrouble(failure, { doing: 'started', folder: place.databaseDir });
      const postmaster = await readPostmaster(place.databaseDir);
      if (postmaster?.pid === child.pid && postmaster?.status === 'ready') {
        reportUnexpectedEnd(child, place, logger);
        return { pid: postmaster.pid, port };
      }
      notice();
      if (performance.now() > deadline) {
        child.kill('SIGINT');
        throw explainTrouble('It did not become ready in time.', { doing: 'started', folder: place.databaseDir });
      }
      await sleep(pollMs);
    }
    return (await readFile(place.logFile)).subarray(logStart).toString();
  } finally {
    process.removeListener('exit', endWithUs);
    await log.close();
  }
}

function reportUnexpectedEnd(child: ChildProcess, place: Place, logger: Logger): void {
  child.once('exit', (code, signal) => {
    if (code === 0) return;
    logger.error({ code, signal, log: place.logFile }, 'the embedded database ended by itself; start this node again');
  });
}

/**
 * Ends PostgreSQL ("fast": connections are cut, everything committed is on disk). Answers false if it is still busy
 * ending after `timeoutMs`; it will end, or recover at the next start, either is safe.
 */
export async function stopServer(pid: number, databaseDir: string, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  if (!isOurs(pid, databaseDir)) return true;
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return true;
    throw error;
  }
  while (identifyProcess(pid) !== null) {
    if (performance.now() > deadline) return false;
    await sleep(pollMs);
  }
  return true;
}

/** True when the process with this number is the PostgreSQL of this folder, not one that got the number later. */
export function isOurs(pid: number, databaseDir: string): boolean {
  const identity = identifyProcess(pid);
  return identity !== null && / -D /.test(identity.command) && identity.command.includes(databaseDir);
}

/** postmaster.pid: pid, folder, start time, port, socket folder, address, shared memory, status; a line each. */
async function readPostmaster(databaseDir: string): Promise<Postmaster | null> {
  const lines = (await readIfThere(join(databaseDir, 'postmaster.pid')))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return { pid, port: Number(lines[3]), status: (lines[7] ?? '').trim() };
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * After a power failure the number in postmaster.pid may belong to another program, and PostgreSQL would take that for
 * a server at work. Our own number in its place says the same as a dead one, because PostgreSQL knows its parent. The
 * file stays: the rest of it lets PostgreSQL find backends that are still attached to the old shared memory. Only a
 * file that lost its content says nothing any more and is removed, since PostgreSQL would wait for a person to do it.
 */
async function disownPid(databaseDir: string): Promise<void> {
  const path = join(databaseDir, 'postmaster.pid');
  const content = await readIfThere(path);
  if (content === null) return;
  const pid = Number(content.split('\n')[0]);
  if (content.trim() === '') await rm(path);
  else if (pid > 0 && isAlive(pid)) await writeFile(path, content.replace(/^\d+/, String(process.pid)));
}

async function rotateLog(logFile: string): Promise<void> {
  try {
    if ((await stat(logFile)).size > maximumLogBytes) await rename(logFile, `${logFile}.old`);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

async function findFreePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer();
  probe.once('error', reject);
  probe.listen({ host: '127.0.0.1', port: 0 }, () => {
    const address = probe.address();
    probe.close(() => {
      if (address !== null && typeof address === 'object') resolve(address.port);
      else reject(new ExitError(1, 'The system gave no free port on 127.0.0.1.'));
    });
  });
  return promise;
}

function settings(): string[] {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const values: Readonly<Record<string, string>> = {
    listen_addresses: '127.0.0.1',
    // No socket files: their paths are limited to 107 bytes, and TCP serves every client.
    unix_socket_directories: '',
    shared_buffers: memory < 4 * 2 ** 30 ? '128MB' : '256MB',
    max_connections: '200',
    max_wal_size: '4GB',
    wal_compression: 'on',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_destination: 'stderr',
    logging_collector: 'off',
    log_checkpoints: 'off',
    log_min_messages: 'warning',
    // No rows and no statements in the log: they hold people's data.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function noticeOnce(notice: () => void): () => void {
  const due = performance.now() + noticeAfterMs;
  let told = false;
  return () => {
    if (told || performance.now() < due) return;
    told = true;
    notice();
  };
}
