import { isSignatureOf, signatureOf } from './signature-base.ts';
import { bytesFrom, nodeKeyFromSeed, nodeKeyNamed } from './node-key.ts';
import { createSecretKey, randomInt } from 'node:crypto';
import type { SigningKey } from './signing-key.ts';

/** Says who vouches for the key that signed a message. */
export const VOUCHER_FIELD = 'dossier-voucher';
/** Says which key the signer had before. */
export const SUCCESSION_FIELD = 'dossier-succession';
/** On a signed refusal: the code of why. */
export const REFUSAL_FIELD = 'dossier-refusal';
/** Stands behind LIST_WITHDRAWN where the copy is to be deleted. */
export const PURGE = 'purge';

/**
 * Why a master refuses who signs rightly; told by a signed answer with status 403.
 *
 * - `SITE_PENDING`: it waits until a person accepts it.
 * - `SITE_REVOKED`: its key was revoked for good.
 * - `SITE_CLONED`: the same key speaks for two nodes.
 * - `SITE_KEY_REQUIRED`: it signs by the token alone, and the master wants a key.
 * - `LIST_WITHDRAWN`: it may not read this list any more.
 * - `INVITATION_USED`, `INVITATION_EXPIRED`: the code with which it introduces itself is worth nothing any more.
 */
export const siteRefusals = [
  'SITE_PENDING',
  'SITE_REVOKED',
  'SITE_CLONED',
  'SITE_KEY_REQUIRED',
  'LIST_WITHDRAWN',
  'INVITATION_USED',
  'INVITATION_EXPIRED',
] as const;
export type SiteRefusal = (typeof siteRefusals)[number];

/** What a key is vouched for as. */
export type VouchedRole = 'site' | 'master';

/**
 * The value of `dossier-voucher`: the holder of `key` (of a token, an invitation, or a node that knows the other one) says that `subject` may speak as a site,
 * or as a master. It is bound to that key, so whoever overhears it can do nothing with it.
 */
export function vouch(key: SigningKey, role: VouchedRole, subject: string): string {
  return `${key.id}.${signatureOf(key, vouchedText(role, subject)).toString('base64url')}`;
}

/** The id of the key that is said to vouch; null if the field is malformed. */
export function voucherKeyId(field: string): string | null {
  return /^([\w-]{1,64})\.[\w-]{43,86}$/.exec(field)?.[1] ?? null;
}

/** Whether one of these keys vouches for `subject`: that key, or null. */
export function findVoucher(keys: readonly SigningKey[], field: string, role: VouchedRole, subject: string): SigningKey | null {
  const id = voucherKeyId(field);
  const key = keys.find((candidate) => candidate.id === id);
  if (!key) return null;
  const signature = bytesOf(field.slice(key.id.length + 1));
  return signature && isSignatureOf(key, vouchedText(role, subject), signature) ? key : null;
}

/** The bytes that a text in base64url stands for; null where they are spelt otherwise than they would be written. */
function bytesOf(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

/** For so long after a key was followed by another both are taken: a week. */
export const successionMs = 7 * 24 * 3_600_000;

/** The value of `dossier-succession`: the old key says at `made` that the new one follows it. */
export function succeed(old: SigningKey, next: string, made: Date): string {
  const second = Math.floor(made.getTime() / 1000);
  return `${old.id}.${second}.${signatureOf(old, successionText(old.id, next, second)).toString('base64url')}`;
}

/** The key that `next` follows, as that key itself says, and since when; null if it doesn't. Whether that was too long ago is for the caller to judge. */
export function readSuccession(field: string, next: string): { old: string; made: Date } | null {
  const [, id = '', second = '', signature = ''] = /^([\w-]{43})\.(\d{1,12})\.([\w-]{86})$/.exec(field) ?? [];
  const [old, bytes] = [nodeKeyNamed(id), bytesOf(signature)];
  if (!old || !bytes || String(Number(second)) !== second || !isSignatureOf(old, successionText(id, next, Number(second)), bytes))
    return null;
  return { old: id, made: new Date(Number(second) * 1000) };
}

/** What an invitation's code stands for. Its holder proves it as `site`; the master, who keeps only the public half of that, answers with `master`. */
export interface InvitationKeys {
  readonly site: SigningKey;
  readonly master: SigningKey;
}

const alphabet = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const codeSigns = 20;

/** A new code: 100 bits, in groups that can be read out. */
export function newInvitationCode(): string {
  const signs = Array.from({ length: codeSigns }, () => alphabet[randomInt(alphabet.length)]).join('');
  return signs.match(/.{4}/g)?.join('-') ?? signs;
}

/** The keys of a code, however its groups are written; null if it isn't one. */
export function readInvitationCode(text: string): InvitationKeys | null {
  const code = text.toUpperCase().replaceAll(/[\s-]/g, '');
  if (code.length !== codeSigns || code.split('').some((sign) => !alphabet.includes(sign))) return null;
  const site = nodeKeyFromSeed(bytesFrom(code, 'invitation site'));
  return { site, master: invitationMasterKey(site.id, bytesFrom(code, 'invitation master')) };
}

/** The key by which a master proves that it knows an invitation. */
export function invitationMasterKey(siteKeyId: string, secret: Buffer): SigningKey {
  return { id: siteKeyId, algorithm: 'hmac-sha256', secret: createSecretKey(secret) };
}

/** Begins otherwise than any signature base, so that neither can be taken for the other. */
function vouchedText(role: VouchedRole, subject: string): string {
  return `dossier voucher\n${role}\n${subject}`;
}

function successionText(old: string, next: string, second: number): string {
  return `dossier succession\n${old}\n${next}\n${second}`;
}
