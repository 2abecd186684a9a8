import { setTimeout as sleep } from 'node:timers/promises';

import { ExitError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { Client } from 'pg';

import { findBinaries } from './embedded/binaries.ts';
import { checkVersion, createCluster, readPassword, removeCluster, superuser } from './embedded/cluster.ts';
import { acquireLock, tryLock } from './embedded/exclusive-lock.ts';
import { besideFiles, findPlace, giveToOwner, openDataDir, sharedFolder } from './embedded/place.ts';
import type { Place } from './embedded/place.ts';
import { findServer, isOurs, startServer, stopServer } from './embedded/server.ts';
import type { Server } from './embedded/server.ts';
import { explainTrouble } from './embedded/trouble.ts';
import { readUsers, removeState, thisUser, writeState } from './embedded/users.ts';
import type { User } from './embedded/users.ts';

export interface EmbeddedDatabaseOptions {
  /** DATA_DIR, an absolute path; made if it is missing. */
  readonly dataDir: string;
  readonly logger: Logger;
}

export interface EmbeddedDatabase {
  /** `postgres://` URL of the database `dossier`, with the password of the superuser in it: never log it. */
  readonly url: string;
  /** PostgreSQL's own folder; below /var/lib/dossier where the user `postgres` can't reach DATA_DIR. */
  readonly databaseDir: string;
  /** True when this call has started the server, or taken over one whose starter had died. */
  readonly owned: boolean;
  /**
   * Says that this user is done. The last one to say so ends the server, whoever started it: so neither a command nor
   * the node it works beside cuts the other off. Takes 5 s at most. Further calls await the first.
   */
  stop(): Promise<void>;
}

const database = 'dossier';
const lockTimeoutMs = 600_000;
const joinTimeoutMs = 10_000;
const joinPauseMs = 100;
const stopTimeoutMs = 5_000;
/** What ending the server needs at least of the time above. */
const endingTimeMs = 2_000;

/**
 * Gives access to the PostgreSQL of a data folder: makes the cluster if there is none, starts it if it doesn't run,
 * joins it if another process runs it. Any number of processes may call it at once. Throws `ExitError`.
 */
export async function startEmbeddedDatabase({ dataDir, logger }: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  refuseWindows();
  try {
    const folder = await openDataDir(dataDir);
    return await whileLocked(folder, lockTimeoutMs, () => open(folder, logger));
  } catch (error) {
    throw error instanceof Error ? explainTrouble(error, { doing: 'started', folder: dataDir }) : error;
  }
}

/**
 * Deletes the embedded database of a data folder for ever, wherever its files are. Throws `ExitError` while a process
 * uses it; a server whose users have died is ended first.
 */
export async function deleteEmbeddedDatabase({ dataDir, logger }: EmbeddedDatabaseOptions): Promise<void> {
  refuseWindows();
  const folder = await openDataDir(dataDir);
  await whileLocked(folder, lockTimeoutMs, async () => {
    const place = await findPlace(folder);
    const server = place.exists ? await findServer(place, logger) : null;
    if (server !== null) {
      const users = readUsers(folder, server) ?? [];
      if (users.length > 0) throw inUse(place, users);
      if (!(await stopServer(server.pid, place.databaseDir, stopTimeoutMs))) throw inUse(place, users);
    }
    await removeCluster(place);
  });
}

function inUse(place: Place, users: readonly User[]): ExitError {
  const pids = users.map((user) => user.pid).join(', ');
  return new ExitError(
    1,
    `The embedded database in ${place.databaseDir} is in use (process ${pids === '' ? 'PostgreSQL itself' : pids}). Nothing was deleted.`,
    {
      remedy: 'End that process first.',
    },
  );
}

function refuseWindows(): void {
  if (process.platform !== 'win32') return;
  throw new ExitError(1, 'The embedded PostgreSQL is not supported on Windows.', {
    remedy: 'Set DATABASE_URL to a PostgreSQL server, 14 or newer, or start in WSL.',
  });
}

async function whileLocked<T>(dataDir: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const path = besideFiles(dataDir).lock;
  const lock = await acquireLock(path, timeoutMs);
  if (lock === null) throw new ExitError(1, `Another process has been busy with the embedded database in ${dataDir} for too long.`);
  try {
    await giveToOwner(dataDir, path);
    return await work();
  } finally {
    lock.release();
  }
}

async function open(dataDir: string, logger: Logger): Promise<EmbeddedDatabase> {
  const deadline = performance.now() + joinTimeoutMs;
  for (;;) {
    const place = await findPlace(dataDir);
    const running = place.exists ? await findServer(place, logger) : null;
    const server = running ?? (await createAndStart(place, logger));
    try {
      return await join({ place, server, user: thisUser(), logger });
    } catch (error) {
      // Nobody would ever end a server that is in nobody's list.
      if (running === null) await stopServer(server.pid, place.databaseDir, stopTimeoutMs);
      // One that was met running may have been about to end or to crash: then the next look finds it so.
      if (running === null || error instanceof ExitError || performance.now() > deadline) throw error;
      await sleep(joinPauseMs);
    }
  }
}

async function join(membership: Membership): Promise<EmbeddedDatabase> {
  const { place, server, user, logger } = membership;
  const { dataDir, databaseDir } = place;
  const users = readUsers(dataDir, server) ?? [];
  const url = new URL(`postgres://${superuser}@127.0.0.1:${server.port}/${database}`);
  url.password = await readPassword(dataDir);
  // Also on a server that runs already: its starter may have been killed before it came to this.
  await ensureDatabase(url, databaseDir);
  await writeState(dataDir, { ...serverOf(server), users: [...users, user] });

  const owned = users.length === 0;
  logger.debug({ databaseDir, port: server.port, owned }, 'embedded database ready');
  const endAtExit = () => endIfAlone(membership);
  process.once('exit', endAtExit);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= leave(membership).finally(() => process.removeListener('exit', endAtExit));
    return stopping;
  };
  return { url: url.href, databaseDir, owned, stop };
}

function serverOf({ pid, port }: Server): Server {
  return { pid, port };
}

async function createAndStart(place: Place, logger: Logger): Promise<Server> {
  const binaries = await findBinaries(place.account, sharedFolder);
  if (!place.exists) {
    logger.info({ databaseDir: place.databaseDir }, 'making the embedded database');
    await createCluster(place, binaries);
  }
  await checkVersion(place.databaseDir);
  return startServer(place, binaries, logger);
}

async function ensureDatabase(url: URL, databaseDir: string): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = new Client({ connectionString: maintenance.href, connectionTimeoutMillis: 30_000 });
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database} TEMPLATE template0`);
  } catch (cause) {
    const wrongPassword = cause instanceof Error && 'code' in cause && cause.code === '28P01';
    if (wrongPassword) {
      throw new ExitError(1, `The embedded database in ${databaseDir} refuses the password in postgres.password.`, {
        remedy: 'Restore postgres.password from the backup that the database is from.',
        cause,
      });
    }
    throw cause;
  } finally {
    await client.end();
  }
}

interface Membership {
  readonly place: Place;
  readonly server: Server;
  readonly user: User;
  readonly logger: Logger;
}

async function leave({ place, server, user, logger }: Membership): Promise<void> {
  const { dataDir, databaseDir } = place;
  const deadline = performance.now() + stopTimeoutMs;
  const lock = await acquireLock(besideFiles(dataDir).lock, stopTimeoutMs - endingTimeMs);
  // Whoever holds the lock is joining, and will find the server without other users when it leaves in its turn.
  if (lock === null) return;
  try {
    const others = readUsers(dataDir, server)?.filter((other) => other.id !== user.id);
    if (others === undefined) return;
    if (others.length > 0) {
      await writeState(dataDir, { ...serverOf(server), users: others });
      return;
    }
    const ended = await stopServer(server.pid, databaseDir, deadline - performance.now());
    if (!ended) logger.warn({ databaseDir }, 'the embedded database is still writing to disk; it ends by itself');
    await removeState(dataDir);
  } finally {
    lock.release();
  }
}

/** For a process that ends without `stop()`: asks the server to end unless another process is in the list. */
function endIfAlone({ place, server, user }: Membership): void {
  const lock = tryLock(besideFiles(place.dataDir).lock);
  if (lock === null) return;
  const others = readUsers(place.dataDir, server)?.filter((other) => other.pid !== user.pid);
  if (others?.length === 0 && isOurs(server.pid, place.databaseDir)) process.kill(server.pid, 'SIGINT');
  lock.release();
}
