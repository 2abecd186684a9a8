import type { Request } from 'express';
import { z } from 'zod';
import { countAttempt, forgiveAttempts } from '@dossier/accounts/attempts.ts';
import type { AttemptLimit } from '@dossier/accounts/attempts.ts';
import { findInvitation, useInvitation } from '@dossier/feed/invitations.ts';
import { admitNewcomer, findKeyedSite, hasRoomForPending, isTokenEnough, noteTokenHolder } from '@dossier/feed/newcomers.ts';
import type { Newcomer } from '@dossier/feed/newcomers.ts';
import { findSpeaker, followSuccession } from '@dossier/feed/speakers.ts';
import type { Speaker } from '@dossier/feed/speakers.ts';
import { areWordsBusy, nodeKeyNamed, wordsOf } from '@dossier/protocol/node-key.ts';
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
} from '@dossier/protocol/voucher.ts';
import type { SiteRefusal } from '@dossier/protocol/voucher.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { ApplicationError, unavailable } from '@dossier/runtime/errors.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { wasNodeKey } from '@dossier/registry/node-keys.ts';
import { addressOf } from '../session.ts';
import type { SiteAlarms } from '../site-alarms.ts';

export interface AdmissionDependencies {
  configuration: Pick<Configuration, 'siteKeys' | 'siteApproval'>;
  /** Of SYNC_TOKEN and SYNC_TOKEN_PREVIOUS. */
  keys: readonly SigningKey[];
  /** Null where this process has none: then it answers nobody who speaks by a key. */
  nodeKey: SigningKey | null;
  database: Database;
  alarms: SiteAlarms;
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
  return { node: said.data.slave, name: name === '' ? `node ${said.data.slave.slice(0, 8)}` : name };
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
  const visitor = { ...answering, signature: verified.signature, verified, site: null, isHeard: true };
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
  const id = await noteTokenHolder(database, {
    ...said,
    address: addressOf(request),
    version: versionOf(request),
    tokenId: verified.key.id,
  });
  if (id === null) return { ...visitor, refusal: 'SITE_REVOKED' };
  const site: Speaker = { id, name: said.name, node: said.node, state: 'accepted', lists: null };
  return { ...visitor, refusal: null, site, isHeard: keyed === null };
}

async function admitByKey(
  request: Request,
  verified: VerifiedRequest,
  deps: KeyedDependencies & { isForUs: boolean; isTimely: boolean },
): Promise<Visitor | null> {
  const { database, nodeKey, keys } = deps;
  const { id: key } = verified.key;
  const field = onlyValue(request.headersDistinct, VOUCHER_FIELD);
  const token = field === undefined ? null : findVoucher(keys, field, 'site', key);
  const known = (await findSpeaker(database, key)) ?? (await succeedTo(request, key, deps));
  const isOwn = known === null && field !== undefined && !token && (await isOwnWord(field, key, deps));
  if (known === null && field !== undefined && !token && !isOwn) await limitGuesses(request, field, deps);
  const invitation = field === undefined || token || isOwn ? null : await findInvitationOf(field, key, deps);
  // A clock that is wrong is put up with for the call that introduces a node, which tells so.
  if (!deps.isTimely && (invitation === null || request.path !== '/')) return null;
  const vouching = invitation?.master ?? token;
  const visitor = {
    key: nodeKey,
    signature: verified.signature,
    verified,
    voucher: vouching && vouch(vouching, 'master', nodeKey.id),
    isHeard: true,
  };
  if (!deps.isForUs) return known || token || invitation || isOwn ? { ...visitor, refusal: null, site: null } : null;
  if (invitation !== null && known?.state !== 'revoked' && invitation.usedBy !== key) {
    if (invitation.state !== 'open')
      return { ...visitor, refusal: invitation.state === 'used' ? 'INVITATION_USED' : 'INVITATION_EXPIRED', site: null };
    const newcomer = await newcomerOf(request, key);
    const site = newcomer && (await useInvitation(database, invitation.codeKey, newcomer));
    if (site) {
      await forgiveAttempts(database, [guessesFrom(request)]);
      await deps.alarms.tell({ event: 'joined', site, request });
    }
    return { ...visitor, refusal: site ? null : 'INVITATION_USED', site };
  }
  const site = known ?? (token || isOwn ? await introduce(request, { key, token }, deps) : null);
  if (site === null) return null;
  const refusal = refusalOf(request, site);
  if (refusal === 'SITE_CLONED') await deps.alarms.raise(site, 'SITE_CLONED', 'speaks for two nodes by one key', request);
  return { ...visitor, refusal, site };
}

function refusalOf(request: Request, site: Speaker): SiteRefusal | null {
  if (site.state === 'revoked') return 'SITE_REVOKED';
  const said = selfOf(request);
  if (said !== null && site.node !== null && said.node !== site.node) return 'SITE_CLONED';
  return site.state === 'pending' ? 'SITE_PENDING' : null;
}

async function newcomerOf(request: Request, key: string): Promise<Newcomer | null> {
  const said = selfOf(request);
  if (said === null) return null;
  return { ...said, key, words: await wordsOfNewcomer(key), address: addressOf(request), version: versionOf(request) };
}

/** Throws UNAVAILABLE while too many keys come at once; nodes ask again. */
async function wordsOfNewcomer(key: string): Promise<string> {
  if (areWordsBusy()) throw unavailable('Too many new keys come at once; ask again in a minute.');
  return wordsOf(key);
}

/** Takes up a node for which a token vouches, or (`token` null) this node's own word from before a backup was restored; null where there is no room for it. */
async function introduce(
  request: Request,
  { key, token }: { key: string; token: SigningKey | null },
  deps: AdmissionDependencies,
): Promise<Speaker | null> {
  const { database, configuration } = deps;
  const waits = token === null || configuration.siteApproval === 'required' || !(await isTokenEnough(database, token.id, key));
  if (waits && !(await hasRoomForPending(database))) return null;
  const newcomer = await newcomerOf(request, key);
  if (newcomer === null) return null;
  const site = await admitNewcomer(database, newcomer, {
    introducedBy: token ? 'token' : 'master',
    tokenId: token?.id ?? null,
    state: waits ? 'pending' : 'accepted',
  });
  if (site.state === 'pending') await deps.alarms.tell({ event: 'pending', site, request });
  return site;
}

/** Whether a key of this node, the present one or one before, has vouched for the visitor's. */
async function isOwnWord(field: string, key: string, { database, nodeKey }: KeyedDependencies): Promise<boolean> {
  const id = voucherKeyId(field);
  if (id === null || (id !== nodeKey.id && !(await wasNodeKey(database, id)))) return false;
  const own = nodeKeyNamed(id);
  return own !== null && findVoucher([own], field, 'site', key) !== null;
}

/** The site whose key has changed, as the key before says, if that is one of a site. */
async function succeedTo(request: Request, key: string, deps: AdmissionDependencies): Promise<Speaker | null> {
  const field = request.headers[SUCCESSION_FIELD];
  const succession = typeof field === 'string' ? readSuccession(field, key) : null;
  if (succession === null) return null;
  const until = new Date(succession.made.getTime() + successionMs);
  const now = deps.now().getTime();
  if (until.getTime() < now || succession.made.getTime() > now + CLOCK_TOLERANCE_MS) return null;
  // Only then is it worth the time that four words take: strangers can make as many keys as they like.
  const former = await findSpeaker(deps.database, succession.old);
  if (former === null || former.state === 'revoked') return null;
  return followSuccession(deps.database, { old: succession.old, next: key, words: await wordsOfNewcomer(key), until });
}

async function findInvitationOf(field: string, key: string, { database }: AdmissionDependencies) {
  const codeKey = voucherKeyId(field);
  const holder = codeKey === null ? null : nodeKeyNamed(codeKey);
  if (codeKey === null || holder === null || findVoucher([holder], field, 'site', key) === null) return null;
  const found = await findInvitation(database, codeKey);
  return found && { ...found, codeKey };
}

/** Codes that may be tried from one address in a quarter of an hour; each has 100 bits. */
function guessesFrom(request: Request): AttemptLimit {
  return { subject: `invitation ${addressOf(request)}`, maximum: 20, windowSeconds: 15 * 60 };
}

/** Counts that a code is tried, before it is looked up. Vouchers of a token have a shorter id. */
async function limitGuesses(request: Request, field: string, { database }: AdmissionDependencies): Promise<void> {
  if (nodeKeyNamed(voucherKeyId(field) ?? '') === null) return;
  const waitSeconds = await countAttempt(database, [guessesFrom(request)]);
  if (waitSeconds === null) return;
  request.res?.set('Retry-After', String(waitSeconds));
  throw new ApplicationError('TOO_MANY_REQUESTS', `Too many codes were tried from this address; try again in ${waitSeconds} seconds.`);
}
