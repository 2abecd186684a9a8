import { argon2, createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { fingerprintWords } from './fingerprint-words.ts';
import type { SigningKey } from './signing-key.ts';

/* Ed25519 (RFC 8032) keys of nodes. Their id is the public key itself, 43 signs of base64url, so whoever sees one can check what it signed. */

/** What stands before the 32 bytes of a public key, and of a private one, in DER (RFC 8410). */
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A node's new key. */
export function generateNodeKey(): SigningKey {
  return fromPrivate(generateKeyPairSync('ed25519').privateKey);
}

/** The private key in PEM (PKCS #8), to be kept in a file. */
export function nodeKeyToPem(key: SigningKey): string {
  return key.secret.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The key in a PEM file; null for anything but one private Ed25519 key. */
export function nodeKeyFromPem(pem: string): SigningKey | null {
  try {
    const secret = createPrivateKey(pem);
    return secret.asymmetricKeyType === 'ed25519' ? fromPrivate(secret) : null;
  } catch {
    return null; // not a key
  }
}

/** The private key that 32 secret bytes stand for. */
export function nodeKeyFromSeed(seed: Uint8Array): SigningKey {
  return fromPrivate(createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' }));
}

const named = new Map<string, SigningKey>();
const rememberedKeys = 1000;

/** The public key that an id names; null if it is none in its canonical spelling. */
export function nodeKeyNamed(id: string): SigningKey | null {
  const known = named.get(id);
  if (known) return known;
  const bytes = /^[\w-]{43}$/.test(id) ? Buffer.from(id, 'base64url') : null;
  if (bytes?.length !== 32 || bytes.toString('base64url') !== id) return null;
  try {
    const key: SigningKey = {
      id,
      algorithm: 'ed25519',
      secret: createPublicKey({ key: Buffer.concat([publicPrefix, bytes]), format: 'der', type: 'spki' }),
    };
    if (named.size >= rememberedKeys) named.clear();
    named.set(id, key);
    return key;
  } catch {
    return null; // no point of the curve
  }
}

/** The id of a public key as people paste it: its id, or PEM (SPKI); null for anything else. */
export function nodeKeyId(text: string): string | null {
  const trimmed = text.trim();
  if (!trimmed.startsWith('-----BEGIN PUBLIC KEY-----')) return nodeKeyNamed(trimmed)?.id ?? null;
  try {
    const key = createPublicKey(trimmed);
    return key.asymmetricKeyType === 'ed25519' ? idOf(key) : null;
  } catch {
    return null; // not a key
  }
}

const stretch = promisify(argon2);
const wordCost = { memory: 64 * 1024, passes: 3, parallelism: 1, tagLength: 32 };
const mostWaiting = 30;
const words = new Map<string, Promise<string>>();
let stretching: Promise<unknown> = Promise.resolve();
let waiting = 0;

/**
 * Four words by which two people tell on the telephone whether both see the same key. Each guess at a key with the same words costs a third of a second
 * and 64 MiB (Argon2id), so 32 bits are enough. One is computed at a time, and
 * each once. For keys that somebody vouches for only: strangers can make as many as they like.
 * @param id of the key
 */
export async function wordsOf(id: string): Promise<string> {
  const known = words.get(id);
  if (known !== undefined) return known;
  waiting += 1;
  const found = stretching.then(() => computeWords(id)).finally(() => (waiting -= 1));
  stretching = found.catch(() => words.delete(id));
  if (words.size >= rememberedKeys) words.clear();
  words.set(id, found);
  return found;
}

/** Whether so many keys wait for their words that more are better put off. */
export function areWordsBusy(): boolean {
  return waiting >= mostWaiting;
}

async function computeWords(id: string): Promise<string> {
  const digest = await stretch('argon2id', { message: id, nonce: 'dossier-words', ...wordCost });
  return [...digest.subarray(0, 4)].map((byte) => fingerprintWords[byte]).join(' ');
}

/** Secret bytes for one purpose out of a text that nobody can guess. */
export function bytesFrom(text: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', text, 'dossier-feed', purpose, 32));
}

function fromPrivate(secret: KeyObject): SigningKey {
  return { id: idOf(createPublicKey(secret)), algorithm: 'ed25519', secret };
}

function idOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).subarray(publicPrefix.length).toString('base64url');
}
