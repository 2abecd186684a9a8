import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { nodeKeyFromPem, nodeKeyToPem } from './node-key.ts';
import type { SigningKey } from './signing-key.ts';

const cipherName = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Closes a node's private key (AES-256-GCM) so that only who holds the token can open it. `node`: the uuid of the node that it belongs to. */
export function sealKey(key: SigningKey, { token, node }: { token: SigningKey; node: string }): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(cipherName, wrappingKey(token, node), nonce).setAAD(Buffer.from(key.id));
  const closed = Buffer.concat([cipher.update(nodeKeyToPem(key), 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), closed]);
}

/** The key `id` that was closed; null if that was done with another token, for another node or key, or if it was altered. */
export function unsealKey(sealed: Buffer, { token, node, id }: { token: SigningKey; node: string; id: string }): SigningKey | null {
  try {
    const decipher = createDecipheriv(cipherName, wrappingKey(token, node), sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(id))
      .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const pem = Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
    const key = nodeKeyFromPem(pem.toString('utf8'));
    return key?.id === id ? key : null;
  } catch {
    return null; // not closed with this token
  }
}

function wrappingKey(token: SigningKey, node: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', token.secret.export(), node, 'node key', 32)));
}
