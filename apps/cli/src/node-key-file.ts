import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nodeKeyFromPem, nodeKeyToPem } from '@dossier/protocol/node-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { NodeKeyError } from './node-key-error.ts';

/** Beside the file of a key: the one that follows it, until that has taken its place, and the one that was there before. */
export const nextOf = (file: string): string => `${file}.next`;
export const previousOf = (file: string): string => `${file}.previous`;

/** The key in a file; null if there is no file. Throws NodeKeyError for a file that can't be used. */
export async function readKeyFile(file: string): Promise<SigningKey | null> {
  let pem: string;
  try {
    await requireHidden(file);
    pem = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof NodeKeyError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new NodeKeyError('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) can't be read: ${reasonOf(error)}.`, error);
  }
  const key = nodeKeyFromPem(pem);
  if (key === null) {
    const what = pem.trim() === '' ? 'is empty' : 'holds no private Ed25519 key (PEM, PKCS #8)';
    throw new NodeKeyError('NODE_KEY_MALFORMED', `${file} (NODE_KEY_FILE) ${what}.`);
  }
  return key;
}

/**
 * Writes a key where nobody but its owner may read it, and has it on the disk before it takes the file's place: whoever reads sees all of it or what was there
 * before. Works without hard links and without modes. Throws NodeKeyError.
 */
export async function writeKeyFile(file: string, key: SigningKey): Promise<void> {
  // Processes in containers that share a folder may have the same number.
  const draft = `${file}.${randomUUID()}.new`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeSynced(draft, nodeKeyToPem(key));
    await rename(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    throw new NodeKeyError('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) can't be made: ${reasonOf(error)}.`, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Lets the key that was written beside a file take its place, and keeps the one that was there. May be broken off anywhere and done again. */
export async function takeNextKey(file: string): Promise<void> {
  const former = await readFile(file).catch(() => null);
  if (former !== null) {
    const draft = `${previousOf(file)}.${randomUUID()}.new`;
    await writeSynced(draft, former);
    await rename(draft, previousOf(file));
  }
  await rename(nextOf(file), file);
  await syncFolder(dirname(file));
}

async function writeSynced(path: string, content: string | Buffer): Promise<void> {
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Has the names in a folder on the disk, where the system can do that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Refuses a file of ours that others may read. Not where somebody else put it, such as a secret that is mounted into a container, nor on a file system without
 * modes, as of Windows hosts and memory sticks: there the folder has to be closed to others. Throws NodeKeyError.
 */
async function requireHidden(file: string): Promise<void> {
  const { mode, uid } = await stat(file);
  // A secret of a container may be readable by a group that is the node's own alone.
  if ((mode & 0o037) === 0 || process.getuid?.() !== uid || !(await hasModes(file))) return;
  throw new NodeKeyError('NODE_KEY_EXPOSED', `Others may read ${file} (NODE_KEY_FILE), which has the mode ${(mode & 0o777).toString(8)}.`);
}

/** Whether a file that is made beside this one can be closed to others. */
async function hasModes(file: string): Promise<boolean> {
  const probe = `${file}.${randomUUID()}.new`;
  try {
    await writeSynced(probe, '');
    return ((await stat(probe)).mode & 0o077) === 0;
  } catch {
    return true; // nothing can be made there
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
