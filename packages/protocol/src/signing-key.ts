import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A symmetric key of the feed. `id` may be shown and travels as `keyid`; `secret` is opaque, so that no log or JSON can spill it. */
export interface SigningKey {
  readonly id: string;
  readonly secret: KeyObject;
}

const SALT = 'dossier-feed';

/**
 * Derives the key that signs the feed from the shared SYNC_TOKEN (HKDF-SHA256, RFC 5869). The same token gives the same key on every node;
 * neither the id nor a signature reveals the token, unless it is short enough to be guessed.
 * @param syncToken any non-empty string, taken as UTF-8
 */
export function deriveSigningKey(syncToken: string): SigningKey {
  if (syncToken === '') throw new RangeError('The synchronization token is empty: no key can be derived from it.');
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', syncToken, SALT, info, bytes));
  return { id: derive('key id', 8).toString('hex'), secret: createSecretKey(derive('hmac-sha256', 32)) };
}
