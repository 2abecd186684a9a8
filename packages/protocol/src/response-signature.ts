import { contentDigestOf, parseContentDigest } from './content-digest.ts';
import {
  CLOCK_TOLERANCE_MS,
  type Component,
  type HeaderFields,
  presentFields,
  readSignature,
  type Refused,
  SIGNATURE_LABEL,
  signatureHolds,
  type SignatureFields,
  signComponents,
  skewOf,
} from './signature-base.ts';
import { nodeKeyNamed } from './node-key.ts';
import { NODE_FIELD } from './request-signature.ts';
import type { SigningKey } from './signing-key.ts';
import { REFUSAL_FIELD, SUCCESSION_FIELD, VOUCHER_FIELD } from './voucher.ts';

/** Covered when present, in this order. Everything else in an answer's head is unsigned and must not be acted upon. */
const OPTIONAL_FIELDS = ['content-type', 'content-encoding', 'etag', NODE_FIELD, VOUCHER_FIELD, SUCCESSION_FIELD, REFUSAL_FIELD];

/**
 * An answer about to be sent. `headers` is what is sent besides the signature (`res.getHeaders()`), final: nothing may change
 * `content-type`, `content-encoding` or `etag` afterwards. `sha256` is of the content as sent, 64 hexadecimal digits; of no bytes for a 304.
 */
export interface ResponseToSign {
  readonly status: number;
  readonly headers: Readonly<Record<string, number | string | readonly string[] | undefined>>;
  readonly sha256: string;
}

/** An answer as received: its status and `headersDistinct`. */
export interface ReceivedResponse {
  readonly status: number;
  readonly headers: HeaderFields;
}

/** The fields to add to an answer. */
export interface ResponseSignatureFields extends SignatureFields {
  readonly 'content-digest': string;
}

/**
 * An answer's head from the holder of `key`, made for our request. `sha256` is what the content as sent must hash to: the caller checks
 * the bytes. `skewMs`: how far the sender's clock is ahead of ours.
 */
export interface VerifiedResponse {
  readonly ok: true;
  readonly key: SigningKey;
  readonly sha256: string;
  readonly skewMs: number;
}

/**
 * Signs an answer: `@status`, `content-digest` (always, also for a 304 and an empty answer), the optional fields where present, and the signature of the
 * request that is answered, which binds the two together.
 * @param key the token's, if that signed the request, or this node's; `requestSignature` comes from `verifyRequest`
 */
export function signResponse(
  key: SigningKey,
  response: ResponseToSign,
  { requestSignature, now }: { requestSignature: string; now: Date },
): ResponseSignatureFields {
  const digest = { 'content-digest': contentDigestOf(response.sha256) };
  const components = componentsOf({ status: response.status, headers: distinct({ ...response.headers, ...digest }) }, requestSignature);
  if (components === null) throw new RangeError('This answer holds a header that cannot be signed: only printable ASCII, once each, can.');
  return { ...digest, ...signComponents(key, components, { created: Math.floor(now.getTime() / 1000) }) };
}

/**
 * Checks that an answer's head comes from a holder of the key and was made for this very request, within the tolerance of our clock.
 * @param key whose answer it has to be; `named`: whoever holds the node's key that it names, which says nothing of who that is
 * @param context `requestSignature`: the `signature` field that was sent
 */
export function verifyResponse(
  key: SigningKey | 'named',
  response: ReceivedResponse,
  { requestSignature, now, toleranceMs = CLOCK_TOLERANCE_MS }: { requestSignature: string; now: Date; toleranceMs?: number },
): VerifiedResponse | Refused {
  const claimed = readSignature(response.headers);
  if ('ok' in claimed) return claimed;
  const components = componentsOf(response, requestSignature);
  if (components === null || claimed.nonce !== undefined) return { ok: false, reason: 'malformed' };
  const sha256 = parseContentDigest(response.headers['content-digest']?.[0] ?? '');
  if (sha256 === null) return { ok: false, reason: 'malformed' };
  const signer = key === 'named' ? nodeKeyNamed(claimed.keyid) : key;
  if (claimed.keyid !== signer?.id) return { ok: false, reason: 'unknown-key' };
  const verdict = signatureHolds(signer, claimed, components);
  if (verdict !== 'yes') return { ok: false, reason: verdict };
  const skewMs = skewOf(claimed, now);
  if (Math.abs(skewMs) > toleranceMs) return { ok: false, reason: 'clock', skewMs };
  return { ok: true, key: signer, sha256, skewMs };
}

function componentsOf({ status, headers }: ReceivedResponse, requestSignature: string): Component[] | null {
  const fields = presentFields(headers, ['content-digest', ...OPTIONAL_FIELDS]);
  if (fields === null) return null;
  return [
    { identifier: '"@status"', value: String(status) },
    ...fields,
    { identifier: `"signature";req;key="${SIGNATURE_LABEL}"`, value: requestSignature.replace(`${SIGNATURE_LABEL}=`, '') },
  ];
}

function distinct(headers: ResponseToSign['headers']): HeaderFields {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value === undefined ? undefined : [value].flat().map(String)]),
  );
}
