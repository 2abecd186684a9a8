import { contentDigestOf, parseContentDigest, sha256Of } from './content-digest.ts';
import {
  CLOCK_TOLERANCE_MS,
  type Component,
  type HeaderFields,
  isPrintable,
  onlyValue,
  presentFields,
  readSignature,
  type Refused,
  signatureHolds,
  type SignatureFields,
  baseOf,
  signComponents,
  skewOf,
} from './signature-base.ts';
import { nodeKeyNamed } from './node-key.ts';
import type { SigningKey } from './signing-key.ts';
import { SUCCESSION_FIELD, VOUCHER_FIELD } from './voucher.ts';

/** Names the node that a request is for by its uuid. */
export const NODE_FIELD = 'dossier-node';

/** Covered when present, in this order: what the body is, what decides between an answer and "not modified", for which node it is, and what speaks for its key. */
const OPTIONAL_FIELDS = ['content-digest', 'content-type', 'if-none-match', NODE_FIELD, VOUCHER_FIELD, SUCCESSION_FIELD];

/** A request about to be sent. `headers` holds what is sent besides the signature, lower-case names; a body needs a `content-type`. */
export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A request as received: the request target as it stood on the request line (`req.originalUrl`), `req.headersDistinct`, and the body if one was read. */
export interface ReceivedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderFields;
  readonly body?: Uint8Array;
}

/** The fields to add to a request. `signature` is also what its answer must cover: keep it for `verifyResponse`. */
export interface RequestSignatureFields extends SignatureFields {
  readonly 'content-digest'?: string;
}

/**
 * A request from a holder of the key. `signature` goes to `signResponse`; `skewMs`: how far the sender's clock is ahead of ours; `base` and `signature` are what
 * a third party needs to check it.
 */
export interface VerifiedRequest {
  readonly ok: true;
  readonly key: SigningKey;
  readonly signature: string;
  readonly nonce: string;
  readonly skewMs: number;
  readonly base: string;
}

/**
 * Signs a request: `@method`, `@authority`, `@path`, `@query`, then `content-digest`, `content-type`, `if-none-match`, `dossier-node`, `dossier-voucher` and
 * `dossier-succession` where present.
 * @param moment `nonce` must never be used again, since an answer is bound to its request by it; printable ASCII
 */
export function signRequest(key: SigningKey, request: RequestToSign, moment: { now: Date; nonce: string }): RequestSignatureFields {
  const digest = request.body && { 'content-digest': contentDigestOf(sha256Of(request.body)) };
  const headers = distinct({ ...request.headers, ...digest, host: request.url.host });
  const components = componentsOf({ method: request.method, target: request.url.pathname + request.url.search, headers });
  if (components === null) throw new RangeError('This request holds a header that cannot be signed: only printable ASCII can.');
  const created = Math.floor(moment.now.getTime() / 1000);
  return { ...digest, ...signComponents(key, components, { created, nonce: moment.nonce }) };
}

/**
 * Checks that a request comes from a holder of one of the keys, is whole, and was made within the tolerance of our clock.
 * A request with a body is refused unless the body was passed and its digest is right.
 * @param strangers whether a node's key that isn't among `keys` is taken, too: then its request is from whoever holds that key, which says nothing of who that is
 */
export function verifyRequest(
  keys: readonly SigningKey[],
  request: ReceivedRequest,
  { now, toleranceMs = CLOCK_TOLERANCE_MS, strangers = false }: { now: Date; toleranceMs?: number; strangers?: boolean },
): VerifiedRequest | Refused {
  const claimed = readSignature(request.headers);
  if ('ok' in claimed) return claimed;
  const components = componentsOf(request);
  if (components === null || claimed.nonce === undefined) return { ok: false, reason: 'malformed' };
  const key = keys.find((candidate) => candidate.id === claimed.keyid) ?? (strangers ? nodeKeyNamed(claimed.keyid) : null);
  if (key === null) return { ok: false, reason: 'unknown-key' };
  const verdict = signatureHolds(key, claimed, components);
  if (verdict !== 'yes') return { ok: false, reason: verdict };
  if (!bodyHolds(request)) return { ok: false, reason: 'wrong-digest' };
  const skewMs = skewOf(claimed, now);
  if (Math.abs(skewMs) > toleranceMs) return { ok: false, reason: 'clock', skewMs };
  return { ok: true, key, signature: claimed.value, nonce: claimed.nonce, skewMs, base: baseOf(components, claimed) };
}

function componentsOf({ method, target, headers }: ReceivedRequest): Component[] | null {
  const host = onlyValue(headers, 'host')?.trim().toLowerCase();
  const optional = presentFields(headers, OPTIONAL_FIELDS);
  if (!host || optional === null || !target.startsWith('/')) return null;
  if (![method, host, target].every(isPrintable)) return null;
  const queryAt = target.indexOf('?');
  return [
    { identifier: '"@method"', value: method },
    { identifier: '"@authority"', value: host },
    { identifier: '"@path"', value: queryAt < 0 ? target : target.slice(0, queryAt) },
    { identifier: '"@query"', value: queryAt < 0 ? '?' : target.slice(queryAt) },
    ...optional,
  ];
}

function bodyHolds({ headers, body }: ReceivedRequest): boolean {
  const announced =
    headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? ['0']).some((length) => length.trim() !== '0');
  const digest = onlyValue(headers, 'content-digest');
  if (digest === undefined) return !announced && !body?.length;
  return body !== undefined && headers['content-type'] !== undefined && parseContentDigest(digest) === sha256Of(body);
}

function distinct(headers: Readonly<Record<string, string>>): HeaderFields {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
