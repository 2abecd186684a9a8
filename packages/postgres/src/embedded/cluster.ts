import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { ExitError } from '@dossier/runtime/errors.ts';

import { majorVersion } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { besideFiles, giveToOwner, isMissing } from './place.ts';
import type { Place } from './place.ts';
import { explainTrouble } from './trouble.ts';

const run = promisify(execFile);

/** The cluster's superuser; nobody else has an account there. */
export const superuser = 'dossier';

/** Nothing of the operator's environment: PGDATA, PGPORT and the like must not reach the embedded database. */
export const bareEnvironment = { LC_ALL: 'C', PATH: '/usr/bin:/bin', TZ: 'UTC' };

/**
 * Makes a cluster with UTF-8 and PostgreSQL's built-in C.UTF-8 order, which is the same on every machine, and a
 * generated password. All or nothing: the folder gets its name when it is complete.
 */
export async function createCluster(place: Place, binaries: Binaries): Promise<void> {
  const parent = dirname(place.databaseDir);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  await sweepUnfinished(place.databaseDir);
  const unfinished = `${place.databaseDir}.new-${randomBytes(4).toString('hex')}`;
  const passwordCopy = `${unfinished}.password`;
  const password = randomBytes(24).toString('base64url');
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordCopy, `${password}\n`, { mode: 0o600, flag: 'wx' });
    if (place.account !== null) {
      for (const path of [unfinished, passwordCopy]) await chown(path, place.account.uid, place.account.gid);
    }
    await initialise(place, binaries, { folder: unfinished, passwordFile: passwordCopy });
    await writeBeside(place.dataDir, besideFiles(place.dataDir).password, `${password}\n`);
    await rename(unfinished, place.databaseDir);
    if (parent !== place.dataDir) await writeBeside(place.dataDir, besideFiles(place.dataDir).location, `${place.databaseDir}\n`);
  } catch (error) {
    const moved = parent !== place.dataDir;
    await rm(moved ? parent : unfinished, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordCopy, { force: true });
  }
}

/** Writes a file of DATA_DIR so that no reader, and no crash, meets half of it. */
export async function writeBeside(dataDir: string, path: string, content: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, content, { mode: 0o600, flag: 'wx', flush: true });
  await giveToOwner(dataDir, unfinished);
  await rename(unfinished, path);
}

/** What a start that was killed has left; the caller holds the lock, so nobody is at work on it. */
async function sweepUnfinished(databaseDir: string): Promise<void> {
  const parent = dirname(databaseDir);
  const prefix = `${basename(databaseDir)}.new-`;
  for (const name of await readdir(parent)) {
    if (name.startsWith(prefix)) await rm(join(parent, name), { recursive: true, force: true });
  }
}

async function initialise(place: Place, binaries: Binaries, target: { folder: string; passwordFile: string }): Promise<void> {
  const flags = [
    `--pgdata=${target.folder}`,
    `--username=${superuser}`,
    `--pwfile=${target.passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ];
  try {
    await run(binaries.initdb, flags, { cwd: target.folder, env: bareEnvironment, ...place.account });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    const problem = said === '' && error instanceof Error ? error : said;
    throw explainTrouble(problem, { doing: 'made', folder: place.databaseDir });
  }
}

/** Refuses a cluster of another major version, which these binaries can't read. */
export async function checkVersion(databaseDir: string): Promise<void> {
  let version: string;
  try {
    version = (await readFile(join(databaseDir, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new ExitError(1, `${databaseDir} is there but holds no database (PG_VERSION is missing).`, {
      remedy: 'Restore the folder from a backup. If it holds nothing of yours, delete it to begin with an empty database.',
    });
  }
  if (version === majorVersion) return;
  const newer = Number(version) > Number(majorVersion);
  throw new ExitError(
    1,
    `The embedded database in ${databaseDir} is of PostgreSQL ${version}; this release brings PostgreSQL ${majorVersion}.`,
    {
      remedy: newer
        ? 'Start the newer release of this software again. Nothing was changed.'
        : `Dump it with PostgreSQL ${version} (pg_dump), move the folder away, start, and restore the dump. Nothing was changed.`,
    },
  );
}

/** The superuser's password, made together with the cluster. */
export async function readPassword(dataDir: string): Promise<string> {
  const path = besideFiles(dataDir).password;
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (!isMissing(error)) throw explainTrouble(error as Error, { doing: 'opened', folder: dataDir });
    throw new ExitError(1, `The password of the embedded database is missing: there is no ${path}.`, {
      remedy: 'Restore this file from the backup that DATA_DIR is from.',
    });
  }
}

/** Removes the cluster and all that belongs to it. The database must not run. */
export async function removeCluster(place: Place): Promise<void> {
  const parent = dirname(place.databaseDir);
  await rm(parent === place.dataDir ? place.databaseDir : parent, { recursive: true, force: true });
  const { password, state, location } = besideFiles(place.dataDir);
  for (const path of [place.logFile, password, state, location]) await rm(path, { force: true });
}
