import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateNodeKey, nodeKeyFromPem, nodeKeyToPem } from '@dossier/protocol/node-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { claimNodeKey, newsOf, readNodeKey } from '@dossier/registry/node-keys.ts';
import type { Database } from '@dossier/postgres/database.ts';

/**
 * Why a node can't start with its key file.
 *
 * - `NODE_KEY_UNREADABLE`: the file can't be read, or can't be made.
 * - `NODE_KEY_EXPOSED`: other users of the host may read it.
 * - `NODE_KEY_MALFORMED`: it is empty, or holds something else than one private Ed25519 key.
 * - `NODE_KEY_MISSING`: there is none, and this node had one before.
 * - `NODE_KEY_DIFFERS`: it is not the key by which this node is known: another node's, or one of before `dossier node rekey`.
 */
type NodeKeyFault = 'NODE_KEY_UNREADABLE' | 'NODE_KEY_EXPOSED' | 'NODE_KEY_MALFORMED' | 'NODE_KEY_MISSING' | 'NODE_KEY_DIFFERS';

const renew =
  '"dossier node rekey --new" makes another one; this node then has to be accepted anew by its masters, and by its slaves as theirs.';

const remedies: Record<NodeKeyFault, string> = {
  NODE_KEY_UNREADABLE:
    'Give the user that runs the node the right to read it, and to write in its folder, or set NODE_KEY_FILE to another place.',
  NODE_KEY_EXPOSED: 'Take the right from others ("chmod 600"). If somebody may have read it: "dossier node rekey".',
  NODE_KEY_MALFORMED: `Put the file back from a backup. ${renew}`,
  NODE_KEY_MISSING: `Put the file back from a backup, or set NODE_KEY_FILE to where it is: all processes of a node need the same one. ${renew}`,
  NODE_KEY_DIFFERS: `Put this node's own file back, or set NODE_KEY_FILE to where it is: all processes of a node need the same one. ${renew}`,
};

function refused(code: NodeKeyFault, sentence: string, cause?: unknown): ExitError {
  return new ExitError(2, `${code}: ${sentence}`, { remedy: remedies[code], cause });
}

/** This node's key, and what the one before said of it while that is news. Made at the first start. Throws ExitError. */
export async function openNodeKey(database: Database, file: string): Promise<{ nodeKey: SigningKey; succession: string | null }> {
  const known = await readNodeKey(database);
  const nodeKey = (await readKeyFile(file)) ?? (await makeKeyFile(file, known?.key ?? null));
  if ((await claimNodeKey(database, nodeKey.id)) !== nodeKey.id) {
    throw refused('NODE_KEY_DIFFERS', `${file} (NODE_KEY_FILE) holds another key than the one by which this node is known.`);
  }
  return { nodeKey, succession: newsOf(await readNodeKey(database), new Date()) };
}

/** The key in a file; null if there is no file. Throws ExitError for a file that can't be used. */
export async function readKeyFile(file: string): Promise<SigningKey | null> {
  let pem: string;
  try {
    const { mode } = await stat(file);
    // A secret of a container may be readable by a group that is the node's own alone.
    if ((mode & 0o037) !== 0 && process.platform !== 'win32') {
      throw refused('NODE_KEY_EXPOSED', `Others may read ${file} (NODE_KEY_FILE), which has the mode ${(mode & 0o777).toString(8)}.`);
    }
    pem = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof ExitError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw refused('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) can't be read: ${reasonOf(error)}.`, error);
  }
  const key = nodeKeyFromPem(pem);
  if (key === null) {
    const what = pem.trim() === '' ? 'is empty' : 'holds no private Ed25519 key (PEM, PKCS #8)';
    throw refused('NODE_KEY_MALFORMED', `${file} (NODE_KEY_FILE) ${what}.`);
  }
  return key;
}

async function makeKeyFile(file: string, known: string | null): Promise<SigningKey> {
  if (known !== null) throw refused('NODE_KEY_MISSING', `There is no ${file} (NODE_KEY_FILE), and this node is known by a key.`);
  await writeKeyFile(file, generateNodeKey(), 'unless-there');
  const key = await readKeyFile(file);
  if (key === null) throw refused('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) was made and is gone again.`);
  return key;
}

/** Writes a key where nobody but its owner may read it; whoever reads sees all of it or what was there before. Throws ExitError. */
export async function writeKeyFile(file: string, key: SigningKey, mode: 'unless-there' | 'replace'): Promise<void> {
  // Processes in containers that share a folder may have the same number.
  const draft = `${file}.${randomUUID()}.new`;
  try {
    await mkdir(dirname(file), { recursive: true });
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(nodeKeyToPem(key));
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (mode === 'replace') await rename(draft, file);
    else await link(draft, file).catch(ignoreExisting);
  } catch (error) {
    throw refused('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) can't be made: ${reasonOf(error)}.`, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** Another process of this node was first. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
