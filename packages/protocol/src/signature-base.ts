import { createHmac, sign, timingSafeEqual, verify } from 'node:crypto';
import { type BareItem, isInnerList, parseDictionary, serializeByteSequence, serializeParameters } from 'structured-headers';
import type { SigningKey } from './signing-key.ts';

/**
 * What request and answer share of the feed's profile of HTTP Message Signatures (RFC 9421):
 *
 * - one signature a message, under the label `dossier`, tag `dossier-feed`, with the algorithm of its key: `ed25519` of a node's, `hmac-sha256` of a token's;
 * - the signer has no choice: the verifier works out from the message itself which components must be covered and how
 *   `Signature-Input` must be spelt, and refuses everything else. So there is one valid spelling, and nothing to negotiate down;
 * - an optional field is covered exactly when it is present: stripping or adding one changes the list and is refused;
 * - a field that matters may occur once only.
 */
export const SIGNATURE_LABEL = 'dossier';
const TAG = 'dossier-feed';

/** `WWW-Authenticate` of every 401 of a feed, by which it is known from others'. */
export const FEED_CHALLENGE = 'Signature realm="dossier-feed"';

/** How far the clocks of two nodes may be apart: five minutes. */
export const CLOCK_TOLERANCE_MS = 5 * 60_000;

/** Fields of a message as received: lower-case names, one value per line (`IncomingMessage.headersDistinct`). */
export type HeaderFields = Readonly<Record<string, readonly string[] | undefined>>;

/** Why a message was refused. `clock` is said only of a message whose signature is right. */
export type SignatureRefusal = 'missing' | 'malformed' | 'unknown-key' | 'wrong-components' | 'wrong-signature' | 'wrong-digest' | 'clock';

/** A message that isn't to be trusted. `skewMs` comes with `clock`: how far the signer's clock is ahead of ours. */
export interface Refused {
  readonly ok: false;
  readonly reason: SignatureRefusal;
  readonly skewMs?: number;
}

/** A covered component: its serialized identifier, e.g. `"@method"`, and its value. */
export interface Component {
  readonly identifier: string;
  readonly value: string;
}

/** The parameters of a signature; `created` in seconds since 1970. */
export interface SignatureParameters {
  readonly created: number;
  readonly nonce?: string;
  readonly keyid: string;
}

/** The fields that carry a signature, ready to be sent. */
export interface SignatureFields {
  readonly 'signature-input': string;
  readonly signature: string;
}

/** The value of `@signature-params` (RFC 9421 §2.3): the covered identifiers and the parameters, in order. */
export function signatureParams(components: readonly Component[], parameters: Iterable<readonly [string, BareItem]>): string {
  const identifiers = components.map((component) => component.identifier).join(' ');
  return `(${identifiers})${serializeParameters(new Map(parameters))}`;
}

/** The signature base (RFC 9421 §2.5), the text that is signed. */
export function signatureBase(components: readonly Component[], params: string): string {
  return [...components.map(({ identifier, value }) => `${identifier}: ${value}`), `"@signature-params": ${params}`].join('\n');
}

/** The signature over a text: HMAC-SHA256 (RFC 9421 §3.3.3) or Ed25519 (§3.3.6), for which the key has to be a private one. */
export function signatureOf(key: SigningKey, base: string): Buffer {
  if (key.algorithm === 'ed25519') return sign(null, Buffer.from(base, 'utf8'), key.secret);
  return createHmac('sha256', key.secret).update(base, 'utf8').digest();
}

/** Whether a signature over a text is one of this key, of which the public half is enough; constant time where the key is a secret. */
export function isSignatureOf(key: SigningKey, base: string, signature: Buffer): boolean {
  if (key.algorithm === 'ed25519') return signature.length === 64 && verify(null, Buffer.from(base, 'utf8'), key.secret, signature);
  return signature.length === 32 && timingSafeEqual(signatureOf(key, base), signature);
}

/** The text that was signed, of a signature that holds. */
export function baseOf(components: readonly Component[], claimed: Pick<ClaimedSignature, 'input'>): string {
  return signatureBase(components, claimed.input.slice(SIGNATURE_LABEL.length + 1));
}

/** Signs components in the feed's profile. */
export function signComponents(
  key: SigningKey,
  components: readonly Component[],
  parameters: Omit<SignatureParameters, 'keyid'>,
): SignatureFields {
  const params = profileParams(components, { ...parameters, keyid: key.id }, key.algorithm);
  const signature = signatureOf(key, signatureBase(components, params));
  return { 'signature-input': `${SIGNATURE_LABEL}=${params}`, signature: `${SIGNATURE_LABEL}=${serializeByteSequence(signature)}` };
}

/** A signature that was read, but not checked. `value` is its serialized byte sequence, what the answer covers. */
export interface ClaimedSignature extends SignatureParameters {
  readonly input: string;
  readonly value: string;
  readonly bytes: Buffer;
}

/** Reads the one signature of a message. */
export function readSignature(headers: HeaderFields): ClaimedSignature | Refused {
  if (headers['signature'] === undefined || headers['signature-input'] === undefined) return { ok: false, reason: 'missing' };
  const input = onlyValue(headers, 'signature-input');
  const signature = onlyValue(headers, 'signature');
  if (input === undefined || signature === undefined) return { ok: false, reason: 'malformed' };
  return claimOf(input, signature) ?? { ok: false, reason: 'malformed' };
}

/** Checks a claimed signature against the components that the message must cover; constant time where the key is involved. */
export function signatureHolds(
  key: SigningKey,
  claimed: ClaimedSignature,
  components: readonly Component[],
): 'yes' | 'wrong-components' | 'wrong-signature' {
  const params = profileParams(components, claimed, key.algorithm);
  if (claimed.input !== `${SIGNATURE_LABEL}=${params}`) return 'wrong-components';
  return isSignatureOf(key, signatureBase(components, params), claimed.bytes) ? 'yes' : 'wrong-signature';
}

/** How far the signer's clock is ahead of ours, in milliseconds (negative: behind), to the second. */
export function skewOf(claimed: ClaimedSignature, now: Date): number {
  return claimed.created * 1000 - Math.floor(now.getTime() / 1000) * 1000;
}

/** The value of a field that occurs once; undefined if it is absent or repeated. */
export function onlyValue(headers: HeaderFields, name: string): string | undefined {
  const values = headers[name];
  return values?.length === 1 ? values[0] : undefined;
}

/**
 * The components of those fields that are present.
 * @returns null if one is repeated or holds what can't be signed (anything but printable ASCII)
 */
export function presentFields(headers: HeaderFields, names: readonly string[]): Component[] | null {
  const components: Component[] = [];
  for (const name of names) {
    if (headers[name] === undefined) continue;
    const value = onlyValue(headers, name)?.trim();
    if (value === undefined || !isPrintable(value)) return null;
    components.push({ identifier: `"${name}"`, value });
  }
  return components;
}

/** Whether text holds printable ASCII only, so that it can't break out of its line of the signature base. */
export function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function profileParams(
  components: readonly Component[],
  { created, nonce, keyid }: SignatureParameters,
  algorithm: SigningKey['algorithm'],
): string {
  const parameters: [string, BareItem][] = [['created', created]];
  if (nonce !== undefined) parameters.push(['nonce', nonce]);
  parameters.push(['alg', algorithm], ['keyid', keyid], ['tag', TAG]);
  return signatureParams(components, parameters);
}

function claimOf(input: string, signature: string): ClaimedSignature | null {
  try {
    const list = parseDictionary(input).get(SIGNATURE_LABEL);
    const bytes = parseDictionary(signature).get(SIGNATURE_LABEL)?.[0];
    if (list === undefined || !isInnerList(list) || !(bytes instanceof ArrayBuffer)) return null;
    if (bytes.byteLength !== 32 && bytes.byteLength !== 64) return null;
    const value = serializeByteSequence(bytes);
    if (signature !== `${SIGNATURE_LABEL}=${value}`) return null;
    const [created, nonce, keyid] = ['created', 'nonce', 'keyid'].map((name) => list[1].get(name));
    if (typeof created !== 'number' || !Number.isInteger(created) || created < 0) return null;
    if (typeof keyid !== 'string' || !(nonce === undefined || typeof nonce === 'string')) return null;
    return { input, value, bytes: Buffer.from(bytes), created, keyid, ...(nonce !== undefined && { nonce }) };
  } catch {
    return null; // not a structured field
  }
}
