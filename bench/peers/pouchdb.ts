import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import type { Cleanup } from '../cleanup.ts';
import { BenchProcess } from '../bench-process.ts';
import { pouchFolder } from './pouchdb-require.ts';

const run = promisify(execFile);
const manifests = fileURLToPath(new URL('pouchdb/', import.meta.url));
const installWithinMs = 180_000;

/** Installs PouchDB by its own lock file, where that wasn't done yet. Throws if the registry can't be reached. */
export async function installPouchDb(): Promise<void> {
  const lock = await readFile(join(manifests, 'package-lock.json'), 'utf8');
  const installed = await readFile(join(pouchFolder, 'installed-lock.json'), 'utf8').catch(() => null);
  if (installed === lock) return;
  await mkdir(pouchFolder, { recursive: true });
  await cp(manifests, pouchFolder, { recursive: true });
  await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: pouchFolder, timeout: installWithinMs });
  await cp(join(pouchFolder, 'package-lock.json'), join(pouchFolder, 'installed-lock.json'));
}

/** Starts a master that holds the benchmark's dossiers as documents. */
export async function startPouchMaster(
  { folder, size, photos }: { folder: string; size: number; photos: readonly PhotoContent[] },
  cleanup: Cleanup,
): Promise<PouchMaster> {
  const masterFolder = join(folder, 'pouchdb-master');
  await mkdir(masterFolder, { recursive: true });
  const master = new BenchProcess('peers/pouchdb-master.ts', [masterFolder, String(size), JSON.stringify(photos)], cleanup);
  const port = await master.ask('fill and listen');
  return { url: `http://127.0.0.1:${port}/all`, folder, cleanup };
}

export interface PouchMaster {
  readonly url: string;
  readonly folder: string;
  readonly cleanup: Cleanup;
}

/** Replicates into an empty database; the milliseconds of the first replication. */
export async function replicatePouch({ url, folder, cleanup }: PouchMaster): Promise<number> {
  const slaveFolder = join(folder, 'pouchdb-slave');
  await mkdir(slaveFolder, { recursive: true });
  const slave = new BenchProcess('peers/pouchdb-slave.ts', [url, slaveFolder], cleanup);
  try {
    return await slave.ask('replicate');
  } finally {
    await slave.end();
    await rm(slaveFolder, { recursive: true, force: true });
  }
}
