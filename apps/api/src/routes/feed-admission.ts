import type { Request } from 'express';
import { z } from 'zod';
import { countAttempt } from '@dossier/accounts/attempts.ts';
import {
  admitNewcomer,
  findInvitation,
  findSpeaker,
  followSuccession,
  hasKeyedSite,
  hasRoomForPending,
  isTokenEnough,
  noteTokenHolder,
  useInvitation,
} from '@dossier/feed/sites.ts';
import type { Newcomer, Speaker } from '@dossier/feed/sites.ts';
import { nodeKeyNamed, wordsOf } from '@dossier/protocol/node-key.ts';
import { verifyRequest } from '@dossier/protocol/request-signature.ts';
import type { VerifiedRequest } from '@dossier/protocol/request-signature.ts';
import { CLOCK_TOLERANCE_MS } from '@dossier/protocol/signature-base.ts';
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
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { addressOf } from '../session.ts';
import type { SiteAlarms } from '../site-alarms.ts';

export interface AdmissionDependencies {
  configuration: Pick<Configuration, 'siteKeys' | 'siteApproval'>;
  /** Of SYNC_TOKEN and SYNC_TOKEN_PREVIOUS. */
  keys: readonly SigningKey[];
  nodeKey: SigningKey;
  database: Database;
  alarms: SiteAlarms;
  now: () => Date;
}

/** Who asks, as far as its signature proves. */
export interface Visitor {
  /** Signs the answer: the token's key if that signed the request, else this node's. */
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
  if (verified.key.algorithm === 'ed25519') return admitByKey(request, verified, { ...deps, isTimely });
  return isTimely ? admitByToken(request, verified, deps) : null;
}

/** By the token alone: as far as that is still taken, and for nobody who has a key. */
async function admitByToken(
  request: Request,
  verified: VerifiedRequest,
  { configuration, database, isForUs }: AdmissionDependencies & { isForUs: boolean },
): Promise<Visitor> {
  const visitor = { key: verified.key, signature: verified.signature, verified, voucher: null, site: null };
  if (configuration.siteKeys === 'off' || !isForUs) return { ...visitor, refusal: null };
  const said = selfOf(request);
  const needsKey =
    configuration.siteKeys === 'require' ||
    configuration.siteApproval === 'required' ||
    !(await isTokenEnough(database, verified.key.id)) ||
    (said !== null && (await hasKeyedSite(database, said.node)));
  if (needsKey) return { ...visitor, refusal: 'SITE_KEY_REQUIRED' };
  if (said === null) return { ...visitor, refusal: null };
  const id = await noteTokenHolder(database, {
    ...said,
    address: addressOf(request),
    version: versionOf(request),
    tokenId: verified.key.id,
  });
  if (id === null) return { ...visitor, refusal: 'SITE_REVOKED' };
  return { ...visitor, refusal: null, site: { id, name: said.name, node: said.node, state: 'accepted', lists: null, withdrawn: [] } };
}

async function admitByKey(
  request: Request,
  verified: VerifiedRequest,
  deps: AdmissionDependencies & { isForUs: boolean; isTimely: boolean },
): Promise<Visitor | null> {
  const { database, nodeKey, keys } = deps;
  const field = request.headers[VOUCHER_FIELD];
  const introducer = typeof field === 'string' ? findVoucher([...keys, nodeKey], field, 'site', verified.key.id) : null;
  const invitation = typeof field === 'string' && introducer === null ? await readInvitation(request, field, verified.key.id, deps) : null;
  // A clock that is wrong is put up with for the call that introduces a node, which tells so.
  if (!deps.isTimely && (invitation === null || request.path !== '/')) return null;
  const answering = invitation?.master ?? (introducer?.algorithm === 'hmac-sha256' ? introducer : null);
  const visitor = {
    key: nodeKey,
    signature: verified.signature,
    verified,
    voucher: answering && vouch(answering, 'master', nodeKey.id),
  };
  const known = (await findSpeaker(database, verified.key.id)) ?? (await succeedTo(request, verified.key.id, deps));
  if (!deps.isForUs) return known || introducer || invitation ? { ...visitor, refusal: null, site: null } : null;
  if (invitation !== null && known?.state !== 'revoked' && invitation.usedBy !== verified.key.id) {
    if (invitation.state !== 'open')
      return { ...visitor, refusal: invitation.state === 'used' ? 'INVITATION_USED' : 'INVITATION_EXPIRED', site: null };
    const newcomer = await newcomerOf(request, verified.key.id);
    const site = newcomer && (await useInvitation(database, invitation.codeKey, newcomer));
    if (site) await deps.alarms.tell({ event: 'joined', site, request });
    return { ...visitor, refusal: site ? null : 'INVITATION_USED', site };
  }
  const site = known ?? (await introduce(request, verified.key.id, introducer, deps));
  return site && { ...visitor, refusal: refusalOf(request, site), site };
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
  return { ...said, key, words: await wordsOf(key), address: addressOf(request), version: versionOf(request) };
}

/** Takes up a node for which a token vouches, or this node's own word from before a backup was restored; null for who brings neither. */
async function introduce(
  request: Request,
  key: string,
  introducer: SigningKey | null,
  deps: AdmissionDependencies,
): Promise<Speaker | null> {
  if (introducer === null) return null;
  const { database, configuration } = deps;
  const byToken = introducer.algorithm === 'hmac-sha256';
  const waits = !byToken || configuration.siteApproval === 'required' || !(await isTokenEnough(database, introducer.id));
  if (waits && !(await hasRoomForPending(database))) return null;
  const newcomer = await newcomerOf(request, key);
  if (newcomer === null) return null;
  const site = await admitNewcomer(database, newcomer, {
    introducedBy: byToken ? 'token' : 'master',
    tokenId: byToken ? introducer.id : null,
    state: waits ? 'pending' : 'accepted',
  });
  if (site.state === 'pending') await deps.alarms.tell({ event: 'pending', site, request });
  return site;
}

/** The site whose key has changed, as the key before says. */
async function succeedTo(request: Request, key: string, deps: AdmissionDependencies): Promise<Speaker | null> {
  const field = request.headers[SUCCESSION_FIELD];
  const succession = typeof field === 'string' ? readSuccession(field, key) : null;
  if (succession === null) return null;
  const until = new Date(succession.made.getTime() + successionMs);
  const now = deps.now().getTime();
  if (until.getTime() < now || succession.made.getTime() > now + CLOCK_TOLERANCE_MS) return null;
  return followSuccession(deps.database, { old: succession.old, next: key, words: await wordsOf(key), until });
}

/** Guesses from one address in a quarter of an hour; a code has 100 bits. */
const guesses = { maximum: 20, windowSeconds: 15 * 60 };

async function readInvitation(request: Request, field: string, key: string, { database }: AdmissionDependencies) {
  const codeKey = voucherKeyId(field);
  // Vouchers of a token that isn't known here have a short id.
  if (codeKey?.length !== key.length) return null;
  const found = await findInvitation(database, codeKey);
  const holder = nodeKeyNamed(codeKey);
  if (found && holder && findVoucher([holder], field, 'site', key)) return { ...found, codeKey };
  const subject = `invitation ${addressOf(request)}`;
  const waitSeconds = await countAttempt(database, [{ subject, ...guesses }]);
  if (waitSeconds === null) return null;
  request.res?.set('Retry-After', String(waitSeconds));
  throw new ApplicationError('TOO_MANY_REQUESTS', `Too many codes were tried from this address; try again in ${waitSeconds} seconds.`);
}
