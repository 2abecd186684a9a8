import { hostname } from 'node:os';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { succeed } from '@dossier/protocol/voucher.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { lockNodeKey, readNodeKey, replaceNodeKey } from '@dossier/registry/node-keys.ts';
import { hostActor } from './host-actor.ts';
import { findNodeKey, share } from './node-key.ts';
import type { KeyConfiguration } from './node-key.ts';
import { nextOf, takeNextKey, writeKeyFile } from './node-key-file.ts';

/**
 * Makes a new key for this node, which the present one signs if `signed`. At any moment either the old key is in its place, or the new one is on the disk and the
 * database knows it: the next start finishes what was broken off. Throws ExitError.
 */
export async function renewNodeKey(
  database: Database,
  configuration: KeyConfiguration,
  { signed }: { signed: boolean },
): Promise<{ key: SigningKey; isPlaced: boolean }> {
  const { nodeKeyFile: file, nodeKey: given, nodeKeyIsPlaced: isPlaced } = configuration;
  const next = generateNodeKey();
  if (given === null) await writeKeyFile(nextOf(file), next);
  await transaction(database, async (tx) => {
    await lockNodeKey(tx);
    const known = await readNodeKey(tx);
    const old = known && signed ? (await findNodeKey(tx, configuration, known)).nodeKey : null;
    if (signed && (old === null || old.id !== known?.key)) {
      throw new ExitError(1, 'This host does not have the key by which its node is known, so it can not sign a new one.', {
        remedy: `Put ${file} back, or call this on the host that has it, or say --new: then masters and slaves have to accept the new key.`,
      });
    }
    await replaceNodeKey(tx, { key: next.id, succession: old && succeed(old, next.id, new Date()), madeOn: hostname() });
    const present = await readNodeKey(tx);
    if (present) await share(tx, configuration, { present, key: next });
    await recordAudit(tx, hostActor(), {
      action: 'node-rekeyed',
      object: { kind: 'node', name: next.id },
      details: { before: known?.key ?? null, signed: old !== null },
    });
  });
  if (given === null) await takeNextKey(file);
  return { key: next, isPlaced };
}
