import type { Request } from 'express';
import { z } from 'zod';
import { countAttempt } from '@dossier/accounts/attempts.ts';
import type { AttemptLimit } from '@dossier/accounts/attempts.ts';
import { findInvitation, useInvitation } from '@dossier/feed/invitations.ts';
import { admitNewcomer, findKeyedSite, hasRoomFor, isTokenEnough, noteTokenHolder } from '@dossier/feed/newcomers.ts';
import type { Newcomer } from '@dossier/feed/newcomers.ts';
import { claimNode, findSpeaker, followSuccession } from '@dossier/feed/speakers.ts';
import type { Speaker } from '@dossier/feed/speakers.ts';
import { nodeKeyNamed } from '@dossier/protocol/node-key.ts';
import { verifyRequest } from '@dossier/protocol/request-signature.ts';
import type { VerifiedRequest } from '@dossier/protocol/request-signature.ts';
import { CLOCK_TOLERANCE_MS, onlyValue } from '@dossier/protocol/signature-base.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import {
  findVoucher,
  readSuccession,
  SUCCESSION_FIELD,
  successionMs,
  vouch,
  VOUCHER_FIELD,
  voucherKeyId,
  vouchersIn,
} from '@dossier/protocol/voucher.ts';
import type { SiteRefusal } from '@dossier/protocol/voucher.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { wasNodeKey } from '@dossier/registry/node-keys.ts';
import { addressOf } from '../session.ts';
import type { SiteAlarms } from '../site-alarms.ts';
import type { SiteWords } from '../site-words.ts';

export interface AdmissionDependencies {
  configuration: Pick<Configuration, 'siteKeys' | 'siteApproval'>;
  /** Of SYNC_TOKEN and SYNC_TOKEN_PREVIOUS. */
  keys: readonly SigningKey[];
  /** Null where this process has none: then it answers nobody who speaks by a key. */
  nodeKey: SigningKey | null;
  database: Database;
  alarms: SiteAlarms;
  words: Pick<SiteWords, 'makeLater'>;
  logger: Logger;
  now: () => Date;
}

/** Who asks, as far as its signature proves. */
export interface Visitor {
  /** Signs the answer: this node's key, or the token's if that signed the request and nothing else was asked for. */
  readonly key: SigningKey;
  /** What its answer has to cover. */
  readonly signature: string;
  readonly verified: VerifiedRequest;
  /** What tells the visitor that this node's key is the one to believe; null where nothing was asked for. */
  readonly voucher: string | null;
  /** Why it is refused, in spite of its signature. */
  readonly refusal: SiteRefusal | null;
  /** The id of the token by which it proved to be let in or vouched for; null if it showed none. */
  readonly token: string | null;
  /** The site that it is; null where sites aren't told apart. */
  readonly site: Speaker | null;
  /** Whether it is kept what the visitor says that it holds: not of who says by the token alone that it is a node which is known by a key. */
  readonly isHeard: boolean;
}

const self = z.object({ slave: z.uuid(), name: z.string().max(400).optional() });

/** What the visitor says of itself, in the query. */
export function selfOf(request: Request): { node: string; name: string } | null {
  const said = self.safeParse(request.query);
  if (!said.success) return null;
  const name = (said.data.name ?? '').replaceAll(/\p{C}/gu, '').trim().slice(0, 100);
  // Digits alone would be taken for the number of another site.
  return { node: said.data.slave, name: /^\p{N}*$/u.test(name) ? `node ${said.data.slave.slice(0, 8)}` : name };
}

export function versionOf(request: Request): string | null {
  return /^dossier\/(\S{1,50})/.exec(request.get('user-agent') ?? '')?.[1] ?? null;
}

/**
 * Finds out who asks and whether it may; null for everybody whose signature isn't right or whom nobody vouches for, who is told nothing. A node that isn't known
 * yet is taken up here. Throws TOO_MANY_REQUESTS at an address from where codes are guessed.
 */
export async function admit(request: Request, deps: AdmissionDependencies & { isForUs: boolean }): Promise<Visitor | null> {
  const { configuration, keys } = deps;
  const received = { method: request.method, target: request.originalUrl, headers: request.headersDistinct };
  const strangers = configuration.siteKeys !== 'off';
  const verified = verifyRequest(keys, received, { now: deps.now(), toleranceMs: Number.POSITIVE_INFINITY, strangers });
  if (!verified.ok) return null;
  const isTimely = Math.abs(verified.skewMs) <= CLOCK_TOLERANCE_MS;
  if (verified.key.algorithm === 'hmac-sha256') return isTimely ? admitByToken(request, verified, deps) : null;
  return deps.nodeKey === null ? null : admitByKey(request, verified, { ...deps, nodeKey: deps.nodeKey, isTimely });
}

type KeyedDependencies = AdmissionDependencies & { nodeKey: SigningKey };

/** How who signed by the token is answered: by this node's key if it asks for that, by vouching for the token's own. */
function answerToToken(request: Request, token: SigningKey, { nodeKey }: AdmissionDependencies): Pick<Visitor, 'key' | 'voucher'> {
  const field = onlyValue(request.headersDistinct, VOUCHER_FIELD);
  const wantsKey = field !== undefined && findVoucher([token], field, 'site', token.id) !== null;
  return wantsKey && nodeKey ? { key: nodeKey, voucher: vouch(token, 'master', nodeKey.id) } : { key: token, voucher: null };
}

/** By the token alone: as far as that is still taken. */
async function admitByToken(
  request: Request,
  verified: VerifiedRequest,
  deps: AdmissionDependencies & { isForUs: boolean },
): Promise<Visitor> {
  const { configuration, database, isForUs } = deps;
  const isOff = configuration.siteKeys === 'off';
  const answering = isOff ? { key: verified.key, voucher: null } : answerToToken(request, verified.key, deps);
  const visitor = { ...answering, signature: verified.signature, verified, token: verified.key.id, site: null, isHeard: true };
  if (isOff || !isForUs) return { ...visitor, refusal: null };
  const said = selfOf(request);
  const keyed = said === null ? null : await findKeyedSite(database, said.node);
  if (keyed === 'revoked') return { ...visitor, refusal: 'SITE_REVOKED' };
  const needsKey =
    configuration.siteKeys === 'require' ||
    configuration.siteApproval === 'required' ||
    keyed === 'limited' ||
    !(await isTokenEnough(database, verified.key.id));
  if (needsKey) return { ...visitor, refusal: 'SITE_KEY_REQUIRED' };
  if (said === null) return { ...visitor, refusal: null };
  const noted = await noteTokenHolder(database, {
    ...said,
    address: addressOf(request),
    version: versionOf(request),
    tokenId: verified.key.id,
  });
  // By the token alone it may read without a name as well.
  if (noted === null) return { ...visitor, refusal: null, isHeard: false };
  if (noted.state !== 'accepted') return { ...visitor, refusal: 'SITE_REVOKED' };
  const site: Speaker = { id: noted.id, name: said.name, node: said.node, state: 'accepted', lists: null, denied: [] };
  return { ...visitor, refusal: null, site, isHeard: keyed === null };
}

async function admitByKey(
  request: Request,
  verified: VerifiedRequest,
  deps: KeyedDependencies & { isForUs: boolean; isTimely: boolean },
): Promise<Visitor | null> {
  const { database, nodeKey, keys } = deps;
  const { id: key } = verified.key;
  const vouchers = vouchersIn(onlyValue(request.headersDistinct, VOUCHER_FIELD));
  const token = vouchers.map((voucher) => findVoucher(keys, voucher, 'site', key)).find((found) => found !== null) ?? null;
  const met = (await findSpeaker(database, key)) ?? (deps.isTimely ? await succeedTo(request, key, deps) : null);
  const known = met === 'too-soon' ? null : met;
  const isOwn = known === null && (await isOwnWord(vouchers, key, deps));
  const code = token || isOwn ? undefined : vouchers[0];
  const invitation = code === undefined ? null : await findInvitationOf(code, key, deps);
  if (known === null && code !== undefined && invitation === null) await limitGuesses(request, code, deps);
  // A clock that is wrong is put up with for the call that introduces a node, which tells so.
  if (!deps.isTimely && (invitation === null || invitation.isPast || request.path !== '/')) return null;
  const vouching = invitation?.master ?? token;
  const visitor = {
    key: nodeKey,
    signature: verified.signature,
    verified,
    voucher: vouching && vouch(vouching, 'master', nodeKey.id),
    token: token?.id ?? null,
    isHeard: true,
  };
  // Taken up as a newcomer it could never follow any more.
  if (met === 'too-soon') return { ...visitor, refusal: 'SITE_PENDING', site: null, isHeard: false };
  if (!deps.isForUs) return known || token || invitation || isOwn ? { ...visitor, refusal: null, site: null } : null;
  if (invitation !== null && known?.state !== 'revoked' && invitation.usedBy !== key) {
    if (invitation.state !== 'open')
      return { ...visitor, refusal: invitation.state === 'used' ? 'INVITATION_USED' : 'INVITATION_EXPIRED', site: null };
    const newcomer = newcomerOf(request, key);
    const used = newcomer && (await useInvitation(database, invitation.codeKey, newcomer));
    if (!used) return { ...visitor, refusal: 'INVITATION_USED', site: null };
    const { speaker: site, former } = used;
    deps.words.makeLater({ id: site.id, key });
    await deps.alarms.tell({ event: site.state === 'pending' ? 'pending' : 'joined', site, request, details: former ? { former } : {} });
    return { ...visitor, refusal: await refusalOf(request, site, deps), site };
  }
  const site = known ?? (token || isOwn ? await introduce(request, { key, token, isOwn }, deps) : null);
  if (site === null) return null;
  if (site === 'no-room') return { ...visitor, refusal: 'SITE_PENDING', site: null };
  return { ...visitor, refusal: await refusalOf(request, site, deps), site };
}

async function refusalOf(request: Request, site: Speaker, { database, alarms }: AdmissionDependencies): Promise<SiteRefusal | null> {
  if (site.state === 'revoked') return 'SITE_REVOKED';
  const said = selfOf(request);
  if (said !== null && site.node !== null && said.node !== site.node) {
    await alarms.raise(site, 'SITE_CLONED', 'speaks for two nodes by one key', request);
    return 'SITE_CLONED';
  }
  if (site.state === 'pending') return 'SITE_PENDING';
  if (said === null || site.node !== null || (await claimNode(database, site.id, said.node)) === 'accepted') return null;
  await alarms.tell({ event: 'pending', site, request });
  return 'SITE_PENDING';
}

function newcomerOf(request: Request, key: string): Newcomer | null {
  const said = selfOf(request);
  return said && { ...said, key, address: addressOf(request), version: versionOf(request) };
}

/**
 * Takes up a node for which a token vouches, or (`isOwn`) this node's own word from before a backup was restored, and then lets it wait; null if it doesn't say
 * which node it is, or its key is one that a site had before.
 */
async function introduce(
  request: Request,
  { key, token, isOwn }: { key: string; token: SigningKey | null; isOwn: boolean },
  { database, configuration, alarms, words, logger }: AdmissionDependencies,
): Promise<Speaker | 'no-room' | null> {
  const newcomer = newcomerOf(request, key);
  if (newcomer === null) return null;
  const tokenId = token?.id ?? null;
  const waits = isOwn || token === null || configuration.siteApproval === 'required' || !(await isTokenEnough(database, token.id, key));
  if (!(await hasRoomFor(database, { node: newcomer.node, key, tokenId: isOwn ? null : tokenId, waits }))) {
    logger.warn(
      { node: newcomer.node, name: newcomer.name, address: newcomer.address },
      'A node that asks for lists was not taken up among the sites: so many have come by the same token that nobody has looked at. It asks again.',
    );
    return 'no-room';
  }
  const site = await admitNewcomer(database, newcomer, {
    introducedBy: isOwn ? 'master' : 'token',
    tokenId,
    state: waits ? 'pending' : 'accepted',
  });
  if (site === null) return null;
  words.makeLater({ id: site.id, key });
  if (site.state === 'pending') await alarms.tell({ event: 'pending', site, request });
  return site;
}

/** Whether a key of this node, the present one or one before, has vouched for the visitor's. */
async function isOwnWord(vouchers: readonly string[], key: string, { database, nodeKey }: KeyedDependencies): Promise<boolean> {
  for (const voucher of vouchers) {
    const own = nodeKeyNamed(voucherKeyId(voucher) ?? '');
    if (own === null || findVoucher([own], voucher, 'site', key) === null) continue;
    if (own.id === nodeKey.id || (await wasNodeKey(database, own.id))) return true;
  }
  return false;
}

/** The site whose key has changed, as the key before says, if that is one of a site; `too-soon` if its key has changed within a day already. */
async function succeedTo(
  request: Request,
  key: string,
  { database, alarms, words, now }: AdmissionDependencies,
): Promise<Speaker | 'too-soon' | null> {
  const field = onlyValue(request.headersDistinct, SUCCESSION_FIELD);
  const succession = field === undefined ? null : readSuccession(field, key);
  if (succession === null) return null;
  const age = now().getTime() - succession.made.getTime();
  if (age > successionMs || age < -CLOCK_TOLERANCE_MS) return null;
  const followed = await transaction(database, async (tx) => {
    const site = await followSuccession(tx, { old: succession.old, next: key });
    if (site === null || site === 'too-soon') return site;
    const what = 'has another key, for which the one before vouches';
    return { site, told: await alarms.raiseIn(tx, site, { code: 'SITE_REKEYED', what, request }) };
  });
  if (followed === null || followed === 'too-soon') return followed;
  words.makeLater({ id: followed.site.id, key });
  await alarms.remind(followed.told);
  return followed.site;
}

async function findInvitationOf(field: string, key: string, { database }: AdmissionDependencies) {
  const codeKey = voucherKeyId(field);
  const holder = codeKey === null ? null : nodeKeyNamed(codeKey);
  if (codeKey === null || holder === null || findVoucher([holder], field, 'site', key) === null) return null;
  const found = await findInvitation(database, codeKey);
  return found && { ...found, codeKey };
}

/** Codes that may be tried in vain from one address in a quarter of an hour; each has 100 bits. */
function guessesFrom(request: Request): AttemptLimit {
  return { subject: `invitation ${addressOf(request)}`, maximum: 20, windowSeconds: 15 * 60 };
}

/** Counts that a code was tried which nobody knows. Who has one that is known is let in from the same address all the same. Vouchers of a token have a shorter id. */
async function limitGuesses(request: Request, field: string, { database }: AdmissionDependencies): Promise<void> {
  if (nodeKeyNamed(voucherKeyId(field) ?? '') === null) return;
  const waitSeconds = await countAttempt(database, [guessesFrom(request)]);
  if (waitSeconds === null) return;
  request.res?.set('Retry-After', String(waitSeconds));
  throw new ApplicationError('TOO_MANY_REQUESTS', `Too many codes were tried from this address; try again in ${waitSeconds} seconds.`);
}
