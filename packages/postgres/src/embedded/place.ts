import { createHash, randomBytes } from 'node:crypto';
import { lchown, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { ExitError } from '@dossier/runtime/errors.ts';

import { canReach, findOrMakeAccount, isRoot } from './account.ts';
import type { Account } from './account.ts';

/** Where files go that the user `postgres` can't have in DATA_DIR. */
export const sharedFolder = '/var/lib/dossier';
const madeHere = /^\/var\/lib\/dossier\/[0-9a-f]{16}-[0-9a-f]{8}\/postgres$/;

/** Where a cluster and what belongs to it lives. All paths are absolute and free of symbolic links. */
export interface Place {
  readonly dataDir: string;
  /** PostgreSQL's own folder. */
  readonly databaseDir: string;
  /** What PostgreSQL writes to its standard error. */
  readonly logFile: string;
  /** The user to run as, or null for the one we are. */
  readonly account: Account | null;
  /** True when there is a cluster already. */
  readonly exists: boolean;
}

/** The files beside the cluster; they stay in DATA_DIR wherever the cluster is. */
export function besideFiles(dataDir: string) {
  return {
    lock: join(dataDir, 'postgres.lock'),
    password: join(dataDir, 'postgres.password'),
    state: join(dataDir, 'postgres.json'),
    location: join(dataDir, 'postgres.location'),
  };
}

/** Makes DATA_DIR where it is missing and gives its true path. */
export async function openDataDir(dataDir: string): Promise<string> {
  // Root's is open to pass through, so that the user postgres reaches its folder inside.
  await mkdir(dataDir, { recursive: true, mode: isRoot() ? 0o711 : 0o700 });
  return realpath(dataDir);
}

/** Finds the cluster of a data folder, or decides where a new one goes. Makes the account where one is needed. */
export async function findPlace(dataDir: string): Promise<Place> {
  const named = await readLocation(dataDir);
  const databaseDir = named ?? join(dataDir, 'postgres');
  const owner = await ownerOf(databaseDir);
  if (owner !== null) return { ...place(dataDir, databaseDir), account: await accountOf(databaseDir, owner), exists: true };
  if (named !== null) {
    throw new ExitError(1, `The embedded database is not in ${named}, where ${besideFiles(dataDir).location} says it is.`, {
      remedy: 'Bring that folder back. Only if its data may be lost: delete the file postgres.location to begin with an empty database.',
    });
  }
  if (!isRoot()) return { ...place(dataDir, databaseDir), account: null, exists: false };

  const account = await findOrMakeAccount();
  if (await canReach(dataDir, account)) return { ...place(dataDir, databaseDir), account, exists: false };
  // A name of its own for each creation: what an earlier, deleted DATA_DIR left behind is neither taken up nor lost.
  const name = `${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}-${randomBytes(4).toString('hex')}`;
  return { ...place(dataDir, join(sharedFolder, name, 'postgres')), account, exists: false };
}

function place(dataDir: string, databaseDir: string): Pick<Place, 'dataDir' | 'databaseDir' | 'logFile'> {
  return { dataDir, databaseDir, logFile: join(dirname(databaseDir), 'postgres.log') };
}

async function readLocation(dataDir: string): Promise<string | null> {
  const { location } = besideFiles(dataDir);
  let content: string;
  try {
    content = (await readFile(location, 'utf8')).trim();
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  // Root follows this file and may delete by it: it leads to a folder that was made here and to no other.
  if (madeHere.test(content)) return content;
  throw new ExitError(1, `${location} does not hold the path of a database's folder.`, {
    remedy: `Such a path is ${sharedFolder}/…/postgres; the folders there are named after the data folders. Restore the file from a backup.`,
  });
}

async function ownerOf(databaseDir: string): Promise<Account | null> {
  try {
    const { uid, gid } = await stat(databaseDir);
    return { uid, gid };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** A cluster runs as the user that owns its files, which is PostgreSQL's own demand. */
async function accountOf(databaseDir: string, owner: Account): Promise<Account | null> {
  if (!isRoot()) {
    if (owner.uid === process.getuid?.()) return null;
    throw new ExitError(
      1,
      `The embedded database in ${databaseDir} belongs to another user (uid ${owner.uid}): it was made by root or by that user.`,
      {
        remedy: 'Start as that user or as root, choose another DATA_DIR, or set DATABASE_URL.',
      },
    );
  }
  if (owner.uid === 0) {
    throw new ExitError(1, `The embedded database in ${databaseDir} belongs to root, and PostgreSQL does not run as root.`, {
      remedy: `Give the folder back to its user, for example: chown -R postgres ${databaseDir}`,
    });
  }
  if (await canReach(dirname(databaseDir), owner)) return owner;
  throw new ExitError(
    1,
    `The user of the embedded database (uid ${owner.uid}) may not enter ${dirname(databaseDir)} or a folder above it.`,
    {
      remedy: `Let it pass through (chmod o+x on those folders), or move DATA_DIR.`,
    },
  );
}

/** Gives what root has made in DATA_DIR to the folder's owner, who may be the one to start the node next time. */
export async function giveToOwner(dataDir: string, path: string): Promise<void> {
  if (!isRoot()) return;
  const { uid, gid } = await stat(dataDir);
  // Never through a symbolic link: root would give away whatever the folder's owner let it point to.
  if (uid !== 0) await lchown(path, uid, gid);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
