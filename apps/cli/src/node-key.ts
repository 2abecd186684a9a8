import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { sealKey, unsealKey } from '@dossier/protocol/key-seal.ts';
import { generateNodeKey, nodeKeyFromPem } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { readNodeUuid } from '@dossier/registry/node.ts';
import { isNews, keepSealedKey, lockNodeKey, newsOf, readNodeKey, replaceNodeKey, wasNodeKey } from '@dossier/registry/node-keys.ts';
import type { NodeKeyRow } from '@dossier/registry/node-keys.ts';
import { NodeKeyError } from './node-key-error.ts';
import { nextOf, previousOf, readKeyFile, takeNextKey, writeKeyFile } from './node-key-file.ts';

export type KeyConfiguration = Pick<Configuration, 'nodeKey' | 'nodeKeyFile' | 'nodeKeyIsPlaced' | 'syncToken' | 'syncTokenPrevious'>;

/** A node's own key as one of its processes has it; null where it has none. */
export interface OpenedNodeKey {
  readonly nodeKey: SigningKey | null;
  /** What the key before said of it, while that is news. */
  readonly succession: string | null;
  /** What is to be told about it. */
  readonly keyFault: NodeKeyError | null;
}

/**
 * This node's key: as NODE_KEY, as the file, or out of the database, where it is closed with SYNC_TOKEN for the node's further hosts. Made at the first start, once for
 * all processes that start at the same time. A process that doesn't come by it goes on without. Throws NodeKeyError for one that others may read, and for a NODE_KEY
 * that is none.
 */
export async function openNodeKey(database: Database, configuration: KeyConfiguration): Promise<OpenedNodeKey> {
  return transaction(database, async (tx) => {
    await lockNodeKey(tx);
    const known = await readNodeKey(tx);
    const opened = known === null ? await makeNodeKey(tx, configuration) : await findNodeKey(tx, configuration, known);
    const present = await readNodeKey(tx);
    if (present === null || opened.nodeKey?.id !== present.key) return opened;
    await share(tx, configuration, { present, key: opened.nodeKey });
    const fault = await settle(tx, configuration, { present, opened });
    return { ...opened, keyFault: opened.keyFault ?? fault };
  });
}

/** The key as this process can come by it; nothing is made or changed. Throws as `openNodeKey`. */
export async function findNodeKey(connection: Connection, configuration: KeyConfiguration, known: NodeKeyRow): Promise<OpenedNodeKey> {
  const { key, fault } = await lookFor(configuration, known.key);
  const succession = newsOf(known, new Date());
  if (key?.id === known.key) return { nodeKey: key, succession, keyFault: null };
  const kept = await unseal(connection, configuration, known);
  if (kept) return { nodeKey: kept, succession, keyFault: fault };
  const madeOn = known.made_on === null ? '' : ` It was made on the host ${known.made_on}.`;
  if (key === null) {
    const missing = new NodeKeyError(
      'NODE_KEY_MISSING',
      `This host has no key of its node: there is no ${configuration.nodeKeyFile}.${madeOn}`,
    );
    return { nodeKey: null, succession: null, keyFault: fault ?? missing };
  }
  const where = configuration.nodeKey === null ? `${configuration.nodeKeyFile} (NODE_KEY_FILE)` : 'NODE_KEY';
  const differs = new NodeKeyError('NODE_KEY_DIFFERS', `${where} is another key than the one by which this node is known.${madeOn}`);
  // One of before a rekey is taken by others as long as the news of that.
  const isFormer = isNews(known, new Date()) && known.succession !== null && (await wasNodeKey(connection, key.id));
  return { nodeKey: isFormer ? key : null, succession: null, keyFault: differs };
}

/** Where the key may lie: the one that is wanted, else the one that is in its place. */
async function lookFor(
  { nodeKey: given, nodeKeyFile: file }: KeyConfiguration,
  wanted: string | null,
): Promise<{ key: SigningKey | null; fault: NodeKeyError | null }> {
  if (given !== null) {
    const key = nodeKeyFromPem(given);
    if (key === null) throw new NodeKeyError('NODE_KEY_MALFORMED', 'NODE_KEY is no private Ed25519 key (PEM, PKCS #8).');
    return { key, fault: null };
  }
  const inPlace = await attempt(file);
  if (inPlace.key?.id === wanted) return inPlace;
  // Of a rekey that was broken off, or of a database that was restored to before one.
  for (const beside of [nextOf(file), previousOf(file)]) {
    const found = wanted === null ? null : (await attempt(beside)).key;
    if (found?.id === wanted) return { key: found, fault: null };
  }
  return inPlace;
}

async function attempt(file: string): Promise<{ key: SigningKey | null; fault: NodeKeyError | null }> {
  try {
    return { key: await readKeyFile(file), fault: null };
  } catch (error) {
    if (error instanceof NodeKeyError && error.code !== 'NODE_KEY_EXPOSED') return { key: null, fault: error };
    throw error;
  }
}

/** The first start: takes the key that somebody brought, or makes one where the node's next start will find it. */
async function makeNodeKey(tx: Connection, configuration: KeyConfiguration): Promise<OpenedNodeKey> {
  const { key: brought, fault } = await lookFor(configuration, null);
  if (fault !== null) return { nodeKey: null, succession: null, keyFault: fault };
  const key = brought ?? generateNodeKey();
  const written = brought === null ? await keepFile(configuration, key) : null;
  if (written !== null && !isShared(configuration)) return { nodeKey: null, succession: null, keyFault: written };
  await replaceNodeKey(tx, { key: key.id, succession: null, madeOn: hostname() });
  return { nodeKey: key, succession: null, keyFault: written };
}

function tokensOf({ syncToken, syncTokenPrevious }: KeyConfiguration): SigningKey[] {
  return [syncToken, syncTokenPrevious].filter((token) => token !== null).map(deriveSigningKey);
}

/** Whether the database holds the key for the node's other hosts, closed with the token. */
function isShared({ nodeKeyIsPlaced, syncToken }: KeyConfiguration): boolean {
  return !nodeKeyIsPlaced && syncToken !== null;
}

async function unseal(connection: Connection, configuration: KeyConfiguration, known: NodeKeyRow): Promise<SigningKey | null> {
  const { sealed, sealed_by: sealedBy, key: id } = known;
  const token = tokensOf(configuration).find((candidate) => candidate.id === sealedBy);
  if (sealed === null || token === undefined) return null;
  return unsealKey(sealed, { token, node: await readNodeUuid(connection), id });
}

/** Keeps the key for the node's other hosts, closed with the present token, or takes it out of the database. */
export async function share(
  tx: Connection,
  configuration: KeyConfiguration,
  { present, key }: { present: NodeKeyRow; key: SigningKey },
): Promise<void> {
  if (configuration.nodeKeyIsPlaced && present.sealed !== null) return keepSealedKey(tx, key.id, { sealed: null, sealedBy: null });
  const [token] = tokensOf(configuration);
  if (!isShared(configuration) || token === undefined || present.sealed_by === token.id) return;
  await keepSealedKey(tx, key.id, { sealed: sealKey(key, { token, node: await readNodeUuid(tx) }), sealedBy: token.id });
}

/** Has the key where the next start of this host finds it. What lies there instead is kept beside it: it may be another node's only one. */
async function settle(
  tx: Connection,
  { nodeKey: given, nodeKeyFile: file }: KeyConfiguration,
  { present, opened }: { present: NodeKeyRow; opened: OpenedNodeKey },
): Promise<NodeKeyError | null> {
  if (given !== null || opened.nodeKey === null || opened.keyFault?.code === 'NODE_KEY_UNREADABLE') return null;
  try {
    if ((await attempt(file)).key?.id === present.key) {
      await forgetPrevious(tx, file, present);
      return null;
    }
    if ((await attempt(nextOf(file))).key?.id !== present.key) await writeKeyFile(nextOf(file), opened.nodeKey);
    await takeNextKey(file);
    return null;
  } catch (error) {
    if (error instanceof NodeKeyError) return error;
    return new NodeKeyError('NODE_KEY_UNREADABLE', `${file} (NODE_KEY_FILE) can't be renewed.`, error);
  }
}

/** A key that nobody takes any more is deleted. */
async function forgetPrevious(tx: Connection, file: string, present: NodeKeyRow): Promise<void> {
  const previous = (await attempt(previousOf(file))).key;
  if (previous === null || isNews(present, new Date()) || !(await wasNodeKey(tx, previous.id))) return;
  await rm(previousOf(file), { force: true }).catch(() => undefined);
}

async function keepFile({ nodeKeyFile }: KeyConfiguration, key: SigningKey): Promise<NodeKeyError | null> {
  try {
    await writeKeyFile(nodeKeyFile, key);
    return null;
  } catch (error) {
    if (error instanceof NodeKeyError) return error;
    throw error;
  }
}
