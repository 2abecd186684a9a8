import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname, parse } from 'node:path';
import { promisify } from 'node:util';

import { ExitError } from '@dossier/runtime/errors.ts';

/** The operating-system user that PostgreSQL runs as, in place of root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const run = promisify(execFile);
const environment = { LC_ALL: 'C', PATH: '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin' };

/** True when this process may act as other users. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Looks up the user `postgres` (`_postgres` on macOS) and makes it where it is missing. Root only. */
export async function findOrMakeAccount(): Promise<Account> {
  const found = (await lookUp('postgres')) ?? (await lookUp('_postgres'));
  if (found !== null) return found;
  const failures = await makeUser();
  const made = await lookUp('postgres');
  if (made !== null) return made;
  throw new ExitError(1, 'PostgreSQL does not run as root, and the user "postgres" could not be made.', {
    remedy: 'Make a user "postgres" without login, or start as an ordinary user, or set DATABASE_URL.',
    cause: new AggregateError(failures),
  });
}

async function lookUp(name: string): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name], { env: environment })).stdout)),
    );
    return uid === undefined || gid === undefined || uid === 0 ? null : { uid, gid };
  } catch {
    return null; // id fails for a user that doesn't exist, which is the answer
  }
}

/** Tries the tools of the usual distributions; the caller sees by the result whether one of them worked. */
async function makeUser(): Promise<unknown[]> {
  const attempts: (readonly (readonly string[])[])[] = [
    [['useradd', '--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', 'postgres']],
    // busybox
    [
      ['addgroup', '-S', 'postgres'],
      ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', '-G', 'postgres', 'postgres'],
    ],
  ];
  const failures: unknown[] = [];
  for (const commands of attempts) {
    try {
      for (const [command = '', ...values] of commands) await run(command, values, { env: environment });
      return failures;
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

/**
 * Whether `account` may read the file, or enter the folder, at this absolute path: all folders above must let it
 * through. Reads the permission bits only, so it may say no where an access list would say yes.
 */
export async function canReach(path: string, account: Account): Promise<boolean> {
  if (!(await mayUse(path, account))) return false;
  return path === parse(path).root || canReach(dirname(path), account);
}

async function mayUse(path: string, account: Account): Promise<boolean> {
  const found = await stat(path);
  const { mode, uid, gid } = found;
  const wanted = found.isDirectory() ? 0o1 : 0o4;
  if (uid === account.uid) return (mode & (wanted << 6)) !== 0;
  if (gid === account.gid) return (mode & (wanted << 3)) !== 0;
  return (mode & wanted) !== 0;
}
