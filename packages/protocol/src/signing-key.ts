import { argon2Sync, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

/**
 * A key of the feed: the one of a shared token, or the one of a node, of which others have the public half only. `id` may be shown and travels as `keyid`;
 * `secret` is opaque, so that no log or JSON can spill it.
 */
export interface SigningKey {
  readonly id: string;
  readonly algorithm: 'hmac-sha256' | 'ed25519';
  readonly secret: KeyObject;
}

const SALT = 'dossier-feed';

/** The first of RFC 9106's two choices would take 2 GiB; this is the second one's memory and passes: a third of a second for each guess. */
const cost = { memory: 64 * 1024, passes: 3, parallelism: 1, tagLength: 32 } as const;

const derived = new Map<string, SigningKey>();

/**
 * Derives the key that signs the feed from the shared SYNC_TOKEN (Argon2id, RFC 9106, then HKDF-SHA256, RFC 5869, for the key and its id). The same token
 * gives the same key on every node; neither the id nor a signature reveals the token, and each guess at it costs as much as the derivation. Takes a third
 * of a second and 64 MiB once for each token and process.
 * @param syncToken any non-empty string, taken as UTF-8
 */
export function deriveSigningKey(syncToken: string): SigningKey {
  const known = derived.get(syncToken);
  if (known) return known;
  if (syncToken === '') throw new RangeError('The synchronization token is empty: no key can be derived from it.');
  const stretched = argon2Sync('argon2id', { message: syncToken, nonce: SALT, ...cost });
  const derive = (info: string, bytes: number) => Buffer.from(hkdfSync('sha256', stretched, SALT, info, bytes));
  const key: SigningKey = {
    id: derive('key id', 8).toString('hex'),
    algorithm: 'hmac-sha256',
    secret: createSecretKey(derive('hmac-sha256', 32)),
  };
  derived.set(syncToken, key);
  return key;
}

/** A key that nobody else has: what it signs is refused everywhere. */
export function randomSigningKey(): SigningKey {
  return { id: randomBytes(8).toString('hex'), algorithm: 'hmac-sha256', secret: createSecretKey(randomBytes(32)) };
}
