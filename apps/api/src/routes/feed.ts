import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Position } from '@dossier/domain/position.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import {
  dossierUuidSchema,
  feedVersions,
  positionSchema,
  prefixSchema,
  requestHeads,
  requestNodes,
  requestRows,
} from '@dossier/protocol/feed.ts';
import { declarationHash } from '@dossier/protocol/declaration-hash.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import { photoAddressSchema, photosMediaType, requestPhotos } from '@dossier/protocol/photos.ts';
import { NODE_FIELD } from '@dossier/protocol/request-signature.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import { PURGE, REFUSAL_FIELD, SUCCESSION_FIELD, vouch, VOUCHER_FIELD, voucherKeyId } from '@dossier/protocol/voucher.ts';
import type { SiteRefusal } from '@dossier/protocol/voucher.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readTreeNodes } from '@dossier/registry/tree.ts';
import { isFork, renewForkedEpoch } from '@dossier/feed/epochs.ts';
import { noteFollower, noteToldHead } from '@dossier/feed/followers.ts';
import type { Holding } from '@dossier/feed/followers.ts';
import { noteSeen } from '@dossier/feed/sites.ts';
import { acknowledgeWithdrawal, findWithdrawal } from '@dossier/feed/withdrawals.ts';
import { inSnapshot, readHead, readHeads } from '@dossier/feed/heads.ts';
import type { ListHead } from '@dossier/feed/heads.ts';
import type { PageCache } from '@dossier/feed/page-cache.ts';
import { bundlePhotos } from '@dossier/feed/photo-bundle.ts';
import { readRows } from '@dossier/feed/rows-answer.ts';
import { listShownPhotos } from '@dossier/feed/shown-photos.ts';
import type { Mount } from '../dependencies.ts';
import type { SiteConnections } from '../site-connections.ts';
import { guardPhotos } from '../guarded-photos.ts';
import { addressOf } from '../session.ts';
import { isWorthCompressing, refuseStranger, sendFile, sendPhoto, sendSigned, sendUnchanged } from './feed-answer.ts';
import type { Asker as Answering, FeedBody } from './feed-answer.ts';
import { admit, selfOf, versionOf } from './feed-admission.ts';
import type { AdmissionDependencies, Visitor } from './feed-admission.ts';

export interface FeedDependencies extends AdmissionDependencies {
  configuration: Pick<Configuration, 'externalAddress' | 'feedNames' | 'nodeName' | 'siteApproval' | 'siteKeys' | 'syncTime' | 'timeZone'>;
  /** What the key before this node's said of it, while that is news; null otherwise. */
  succession: string | null;
  connections: Pick<SiteConnections, 'hold'>;
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  pages: PageCache;
  nodeUuid: string;
}

/** Who asks and may. */
interface Asker extends Answering {
  readonly visitor: Visitor;
}

type Handler = (request: Request, response: Response, asker: Asker) => Promise<void>;

const listId = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const knownPosition = z.object({
  epoch: positionSchema.shape.epoch,
  revision: z.coerce.number().int().nonnegative(),
  count: z.coerce.number().int().nonnegative(),
  digest: positionSchema.shape.digest,
});
const told = z.object({
  applied: z.iso.datetime().optional().catch(undefined),
  state: z
    .string()
    .regex(/^[a-z-]{1,20}$/)
    .optional()
    .catch(undefined),
  set_aside: z.coerce.number().int().nonnegative().max(1_000_000_000).optional().catch(undefined),
  copy: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional().catch(undefined),
  unconfirmed: z.coerce.number().int().nonnegative().max(1_000_000).optional().catch(undefined),
});
const revisionText = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const pageQuery = z.object({ since: revisionText, epoch: z.uuid(), begun: revisionText.optional() });
/** Several things in one parameter, with commas between them. */
const listed = <Item>(item: z.ZodType<Item, string>, most: number) =>
  z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(item).max(most));
const headsQuery = z.object({ lists: listed(z.string().regex(/^[1-9]\d{0,14}\.[\w-]{43}$/), requestHeads) });
const treeQuery = z.object({ prefixes: listed(prefixSchema, requestNodes) });
const rowsQuery = z.object({ uuids: listed(dossierUuidSchema, requestRows) });
const shownPhoto = z.object({ dossier: dossierUuidSchema, sha256: photoAddressSchema });
const photosQuery = z.object({
  of: listed(
    z
      .string()
      .transform((value) => ({ dossier: value.split('.')[0], sha256: value.split('.')[1] }))
      .pipe(shownPhoto),
    requestPhotos,
  ),
});

/** The feed of this node's lists, version 1 (docs/protocol.md), for sites that are known by their keys and for holders of the shared SYNC_TOKEN. */
export function createFeedMount(deps: FeedDependencies): Mount {
  const router = Router({ strict: false });
  const signed = (handler: Handler) => async (request: Request, response: Response) => {
    const forUs = isForUs(request, deps);
    const visitor = (await admit(request, { ...deps, isForUs: forUs })) ?? refuseStranger(response);
    const asker = askerOf(visitor, deps);
    if (!forUs) return sendSigned(response, asker, misdirected);
    if (visitor.refusal !== null) return refuse(response, asker, visitor.refusal);
    const list = listId.safeParse(request.params['id']);
    deps.connections.hold(response, { siteId: visitor.site?.id ?? null, list: list.success ? list.data : null });
    if (!list.success || mayRead(asker, list.data)) return handler(request, response, asker);
    return sendUngranted(request, response, asker, { deps, list: list.data });
  };
  router.get('/', signed(greet(deps)));
  router.get('/v1/dossier-lists', signed(offerLists(deps)));
  router.get('/v1/heads', signed(sendHeads(deps)));
  router.get('/v1/dossier-lists/:id/head', signed(sendHead(deps)));
  router.get('/v1/dossier-lists/:id/changes', signed(sendChanges(deps)));
  router.get('/v1/dossier-lists/:id/rows', signed(sendRows(deps)));
  router.get('/v1/dossier-lists/:id/tree', signed(sendTree(deps)));
  router.get('/v1/dossier-lists/:id/photos', signed(sendPhotosOf(deps)));
  router.get('/v1/dossier-lists/:id/photos/:dossier/:sha256', signed(sendPhotoOf(deps)));
  router.use(signed(async (_request, response, asker) => sendSigned(response, asker, absent)));
  return { path: '/feed', access: 'everyone', handler: router };
}

const misdirected: FeedBody = { status: 421, contentType: 'application/json', body: Buffer.from('{}') };

/** Whether a signed request was meant for this node: by a name that it goes by, and for no other node. */
function isForUs({ headers }: Request, { configuration, nodeUuid }: FeedDependencies): boolean {
  const named = headers[NODE_FIELD];
  if (named !== undefined && named !== nodeUuid) return false;
  return configuration.feedNames === null || configuration.feedNames.includes(headers.host?.toLowerCase() ?? '');
}

/** Signs by the token's key for who did, else by this node's, and says what vouches for that. */
function askerOf(visitor: Visitor, { nodeUuid, succession, now }: FeedDependencies): Asker {
  const fields = {
    ...(visitor.voucher !== null && { [NODE_FIELD]: nodeUuid, [VOUCHER_FIELD]: visitor.voucher }),
    ...(succession !== null && visitor.key.algorithm === 'ed25519' && { [SUCCESSION_FIELD]: succession }),
  };
  return { key: visitor.key, signature: visitor.signature, now, fields, visitor };
}

function mayRead({ visitor }: Asker, list: number): boolean {
  const lists = visitor.site?.lists ?? null;
  return lists === null || lists.includes(list);
}

async function refuse(response: Response, asker: Asker, refusal: SiteRefusal, { purge = false } = {}): Promise<void> {
  const fields = { ...asker.fields, [REFUSAL_FIELD]: purge ? `${refusal} ${PURGE}` : refusal };
  await sendSigned(response, { ...asker, fields }, json({ code: refusal }, 403));
}

/**
 * A list that a site may not read isn't there for it, whether there is one or not. Who names its uuid could read it once: it is told to give its copy up, each time,
 * and says that it did.
 */
async function sendUngranted(
  request: Request,
  response: Response,
  asker: Asker,
  { deps, list }: { deps: FeedDependencies; list: number },
): Promise<void> {
  const { site } = asker.visitor;
  const named = z.uuid().safeParse(request.query['dossier_list']);
  const asked = site && named.success ? { siteId: site.id, listId: list, listUuid: named.data } : null;
  const withdrawal = asked && (await findWithdrawal(deps.database, asked));
  if (!withdrawal) return sendSigned(response, asker, absent);
  await refuse(response, asker, 'LIST_WITHDRAWN', withdrawal);
  await noteGivenUp(deps, request, asker, list);
  const { unconfirmed = null, state } = told.parse(request.query);
  if (state === 'withdrawn') await acknowledgeWithdrawal(deps.database, { ...asked, unconfirmed });
}

/** What was taken from a branch is taken from those who have it from there; nobody believes that who knows its master by the token alone. */
async function sendWithdrawn(
  request: Request,
  response: Response,
  asker: Asker,
  { deps, head }: { deps: FeedDependencies; head: ListHead & { withdrawn: { purge: boolean } } },
): Promise<void> {
  if (asker.key !== deps.nodeKey) return sendSigned(response, asker, absent);
  await refuse(response, asker, 'LIST_WITHDRAWN', head.withdrawn);
  await noteGivenUp(deps, request, asker, head.listId);
}

/** Keeps a site's signed word that it shows its copy of a list no more. */
async function noteGivenUp(deps: FeedDependencies, request: Request, asker: Asker, list: number): Promise<void> {
  const { state = null, copy = null } = told.parse(request.query);
  if (state !== 'withdrawn') return;
  await noteSite(deps, request, asker, [{ listId: list, position: null, appliedDate: null, state, setAside: null, copy }]);
}

const absent: FeedBody = { status: 404, contentType: 'application/json', body: Buffer.from('{}') };

function json(value: unknown, status = 200): FeedBody {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

function schedule({ configuration }: FeedDependencies): Head['schedule'] {
  return { ...configuration.syncTime, time_zone: configuration.timeZone };
}

function greet(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const { visitor } = asker;
    await sendSigned(
      response,
      asker,
      json({
        node: deps.nodeUuid,
        name: deps.configuration.nodeName,
        // Known again by its own signature, if this node is restored to a state from before it met the site.
        ...(visitor.key === deps.nodeKey && { certificate: vouch(deps.nodeKey, 'site', visitor.verified.key.id) }),
        versions: feedVersions,
        external_address: deps.configuration.externalAddress,
        schedule: schedule(deps),
      }),
    );
    await noteSite(deps, request, asker, []);
  };
}

function offerLists({ database }: FeedDependencies): Handler {
  return async (_request, response, asker) => {
    const { site } = asker.visitor;
    const heads = (await readHeads(database, site?.lists ?? null)).filter((head) => mayRead(asker, head.listId));
    const lists = heads
      .filter((head) => !head.withdrawn)
      .map((head) => ({ id: head.listId, name: head.name, dossier_count: head.position.count }));
    await sendSigned(response, asker, json({ dossier_lists: lists }));
  };
}

function sendHead(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    let head = id.success ? await readHead(deps.database, id.data) : null;
    if (!head) return sendSigned(response, asker, absent);
    if (isWithdrawn(head)) return sendWithdrawn(request, response, asker, { deps, head });
    const known = knownPosition.safeParse(request.query);
    if (known.success && isFork(head.position, known.data)) head = (await meetFork(deps, head, known.data)) ?? head;
    const answer = headAnswer(deps, head);
    const { etag } = answer;
    if (request.headers['if-none-match'] === etag) sendUnchanged(response, asker, etag);
    else await sendSigned(response, asker, answer);
    const said = told.parse(request.query);
    const holding = {
      appliedDate: said.applied ?? null,
      state: said.state ?? null,
      setAside: said.set_aside ?? null,
      copy: said.copy ?? null,
    };
    await noteSite(deps, request, asker, [{ listId: head.listId, position: known.success ? known.data : null, ...holding }]);
    if (response.statusCode === 200) await noteToldHead(deps.database, head.listId, head.position);
  };
}

function isWithdrawn(head: ListHead): head is ListHead & { withdrawn: { purge: boolean } } {
  return head.withdrawn !== null;
}

/** A slave holds a later or another history of a list: this database was restored from a backup. */
async function meetFork({ database, logger, now }: FeedDependencies, head: ListHead, known: Position): Promise<ListHead | null> {
  const isRenewed = await renewForkedEpoch(database, head.listId, { known, now: now() });
  logger.warn(
    { list: head.listId, known, head: head.position },
    isRenewed
      ? 'A slave holds a later or another history of a list: this database was restored from a backup. The list got a new epoch, so that every slave compares by content.'
      : 'A slave says that it holds a later or another history of a list. The list keeps its epoch.',
  );
  return readHead(database, head.listId);
}

/** The head of a list with the tag that changes with it. */
function headAnswer(deps: FeedDependencies, head: ListHead): FeedBody & { etag: string } {
  const answer = json({
    node: deps.nodeUuid,
    dossier_list: head.listUuid,
    name: head.name,
    external_address: deps.configuration.externalAddress,
    schedule: schedule(deps),
    position: head.position,
    floor: head.floor,
    former: head.former,
    origins: head.origins,
    declaration: head.declaration,
    declaration_hash: declarationHash(head.declaration),
  });
  return { ...answer, etag: `"${createHash('sha256').update(answer.body).digest('base64url')}"` };
}

/** Says of many lists at once whose heads still have the tags that the slave knows. */
function sendHeads(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const asked = headsQuery.safeParse(request.query);
    if (!asked.success) throw badParam('lists', `"lists" names up to ${requestHeads} lists with the tags of their heads.`);
    const tags = new Map(asked.data.lists.map((item) => [Number(item.split('.')[0]), item.split('.')[1]]));
    const heads = await readHeads(
      deps.database,
      [...tags.keys()].filter((list) => mayRead(asker, list)),
    );
    const unchanged = heads.filter((head) => !head.withdrawn && headAnswer(deps, head).etag === `"${tags.get(head.listId)}"`);
    await sendSigned(response, asker, json({ unchanged: unchanged.map((head) => head.listId) }));
    const seen = unchanged.map(({ listId: id, position }) => ({
      listId: id,
      position,
      appliedDate: null,
      state: 'synced',
      setAside: null,
      copy: null,
    }));
    await noteSite(deps, request, asker, seen);
  };
}

/** Keeps for the operator of the master who follows a list and what it says that it holds. The slave has its answer already. */
async function noteSite(deps: FeedDependencies, request: Request, { visitor }: Asker, seen: readonly Holding[]): Promise<void> {
  const { database, logger, alarms, nodeKey } = deps;
  const said = selfOf(request);
  if (said === null) return;
  const { site, verified } = visitor;
  const sighting = { node: said.node, address: addressOf(request), version: versionOf(request), siteId: site?.id ?? null };
  try {
    if (site !== null && visitor.key === nodeKey) {
      const voucher = request.headers[VOUCHER_FIELD];
      const tokenId = typeof voucher === 'string' ? (deps.keys.find((key) => key.id === voucherKeyId(voucher))?.id ?? null) : null;
      const { turns } = await noteSeen(database, site.id, { ...sighting, tokenId });
      if (turns >= cloneTurns) await alarms.raise(site, 'SITE_CLONED', 'asks from two addresses in turns', request);
    }
    const statement =
      visitor.key === nodeKey ? { base: verified.base, signature: verified.signature.slice(1, -1), key: verified.key.id } : null;
    for (const odd of seen.length > 0 ? await noteFollower(database, sighting, seen, statement) : []) {
      if (site === null) continue;
      if (odd.finding === 'back') await alarms.raise(site, 'SITE_CLONED', `stands before where it stood in list ${odd.list_id}`, request);
      else await alarms.raise(site, 'SITE_DIFFERS', `says of list ${odd.list_id} what this node never told at that revision`, request);
    }
  } catch (error) {
    logger.warn({ err: error, lists: seen.map((list) => list.listId) }, 'It could not be kept that a slave was seen.');
  }
}

/** A site that has gone from one address to another and back so often is two. */
const cloneTurns = 2;

function sendChanges(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const from = pageQuery.safeParse(request.query);
    if (!from.success) throw badParam('since', '"since" (a revision) and "epoch" are needed.');
    if (!id.success) return sendSigned(response, asker, absent);
    const head = await readHead(deps.database, id.data);
    if (!head) return sendSigned(response, asker, absent);
    if (isGone(head, from.data)) return sendSigned(response, asker, gone(head));
    const page = await deps.pages.read(head, from.data.since);
    // The list or its history went away while the page was made: the next question hears of it.
    if (!page) return sendSigned(response, asker, gone(head));
    if (!isWorthCompressing(response.req)) return sendFile(response, asker, { contentType: rowsMediaType, ...page });
    return sendFile(response, asker, { contentType: rowsMediaType, contentEncoding: 'zstd', ...(await page.compressed()) });
  };
}

/**
 * Whether a reader would miss something: the history is another one, or tombstones that it needs are forgotten. Who reads a list from its beginning
 * needs those after the head at which it began (`begun`); who doesn't say needs those after `since`.
 */
function isGone({ position, floor }: ListHead, { since, epoch, begun }: z.infer<typeof pageQuery>): boolean {
  if (epoch !== position.epoch || since > position.revision) return true;
  return since > 0 && Math.max(since, begun ?? 0) < floor;
}

function gone({ position, floor }: ListHead): FeedBody {
  return json({ epoch: position.epoch, floor }, 410);
}

/** Nodes of the digest's tree and what is right below each, as they are at one position. */
function sendTree({ database }: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = treeQuery.safeParse(request.query);
    if (!asked.success) throw badParam('prefixes', `"prefixes" names up to ${requestNodes} nodes of the tree by hexadecimal digits.`);
    if (!id.success) return sendSigned(response, asker, absent);
    const tree = await inSnapshot(database, id.data, async (snapshot, head) => ({
      dossier_list: head.listUuid,
      position: head.position,
      nodes: await readTreeNodes(snapshot, head.setId, [...new Set(asked.data.prefixes)]),
    }));
    return sendSigned(response, asker, tree ? json(tree) : absent);
  };
}

function sendRows({ database }: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = rowsQuery.safeParse(request.query);
    if (!asked.success) throw badParam('uuids', `"uuids" names up to ${requestRows} dossiers.`);
    const body = id.success ? await readRows(database, { listId: id.data, uuids: asked.data.uuids }) : null;
    return sendSigned(response, asker, body ? { status: 200, contentType: rowsMediaType, body } : absent);
  };
}

function sendPhotoOf(deps: FeedDependencies): Handler {
  const { database } = deps;
  const photos = guardPhotos(deps);
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = shownPhoto.safeParse(request.params);
    if (!id.success || !asked.success) return sendSigned(response, asker, absent);
    const { sha256 } = asked.data;
    const shown = await listShownPhotos(database, id.data, [asked.data]);
    const bytes = shown.get(sha256);
    const file = bytes === undefined ? null : await photos.open({ sha256, bytes });
    if (!file) return sendSigned(response, asker, absent);
    return sendPhoto(response, asker, { sha256, ...file });
  };
}

function sendPhotosOf(deps: FeedDependencies): Handler {
  const photos = guardPhotos(deps);
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = photosQuery.safeParse(request.query);
    if (!asked.success) throw badParam('of', `"of" names up to ${requestPhotos} photos, each by the uuid of a dossier and its address.`);
    if (!id.success) return sendSigned(response, asker, absent);
    const { body, giveBack } = await bundlePhotos({ database: deps.database, photos }, id.data, asked.data.of);
    response.once('finish', giveBack);
    await sendSigned(response, asker, { status: 200, contentType: photosMediaType, isCompressed: true, body });
  };
}
