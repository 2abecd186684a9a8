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
import type { Head } from '@dossier/protocol/feed.ts';
import { photoAddressSchema, photosMediaType, requestPhotos } from '@dossier/protocol/photos.ts';
import { NODE_FIELD } from '@dossier/protocol/request-signature.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { readTreeNodes } from '@dossier/registry/tree.ts';
import { isFork, renewForkedEpoch } from '@dossier/feed/epochs.ts';
import { noteFollower } from '@dossier/feed/followers.ts';
import { inSnapshot, readHead, readHeads } from '@dossier/feed/heads.ts';
import type { ListHead } from '@dossier/feed/heads.ts';
import { createDeclarationReader } from '@dossier/feed/offered-declarations.ts';
import type { OfferedDeclaration } from '@dossier/feed/offered-declarations.ts';
import type { PageCache } from '@dossier/feed/page-cache.ts';
import { bundlePhotos } from '@dossier/feed/photo-bundle.ts';
import { readRows } from '@dossier/feed/rows-answer.ts';
import { listShownPhotos } from '@dossier/feed/shown-photos.ts';
import type { Mount } from '../dependencies.ts';
import { guardPhotos } from '../guarded-photos.ts';
import { addressOf } from '../session.ts';
import { isWorthCompressing, requireSignature, sendFile, sendPhoto, sendSigned, sendUnchanged } from './feed-answer.ts';
import type { Asker, FeedBody } from './feed-answer.ts';

export interface FeedDependencies {
  configuration: Pick<Configuration, 'externalAddress' | 'feedNames' | 'syncTime' | 'timeZone'>;
  /** Of SYNC_TOKEN and SYNC_TOKEN_PREVIOUS; none: every request is refused. */
  keys: readonly SigningKey[];
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  pages: PageCache;
  nodeUuid: string;
  now: () => Date;
}

interface Offering extends FeedDependencies {
  readonly readDeclaration: (kept: string) => OfferedDeclaration;
}

type Handler = (request: Request, response: Response, asker: Asker) => Promise<void>;

const listId = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const knownPosition = z.object({
  epoch: positionSchema.shape.epoch,
  revision: z.coerce.number().int().nonnegative(),
  count: z.coerce.number().int().nonnegative(),
  digest: positionSchema.shape.digest,
});
const follower = z.object({ slave: z.uuid() });
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

/** The feed of this node's lists, version 1 (docs/protocol.md), for holders of the shared SYNC_TOKEN. */
export function createFeedMount(deps: FeedDependencies): Mount {
  const router = Router({ strict: false });
  const offering = { ...deps, readDeclaration: createDeclarationReader() };
  const signed = (handler: Handler) => async (request: Request, response: Response) => {
    const asker = requireSignature(request, response, deps);
    if (isForUs(request, deps)) await handler(request, response, asker);
    else await sendSigned(response, asker, misdirected);
  };
  router.get('/', signed(greet(deps)));
  router.get('/v1/dossier-lists', signed(offerLists(deps)));
  router.get('/v1/heads', signed(sendHeads(offering)));
  router.get('/v1/dossier-lists/:id/head', signed(sendHead(offering)));
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

const absent: FeedBody = { status: 404, contentType: 'application/json', body: Buffer.from('{}') };

function json(value: unknown, status = 200): FeedBody {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

function schedule({ configuration }: FeedDependencies): Head['schedule'] {
  return { ...configuration.syncTime, time_zone: configuration.timeZone };
}

function greet(deps: FeedDependencies): Handler {
  return async (_request, response, asker) =>
    sendSigned(
      response,
      asker,
      json({
        node: deps.nodeUuid,
        versions: feedVersions,
        external_address: deps.configuration.externalAddress,
        schedule: schedule(deps),
      }),
    );
}

function offerLists({ database }: FeedDependencies): Handler {
  return async (_request, response, asker) => {
    const heads = await readHeads(database);
    const lists = heads.map((head) => ({ id: head.listId, name: head.name, dossier_count: head.position.count }));
    await sendSigned(response, asker, json({ dossier_lists: lists }));
  };
}

function sendHead(deps: Offering): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    let head = id.success ? await readHead(deps.database, id.data) : null;
    if (!head) return sendSigned(response, asker, absent);
    const known = knownPosition.safeParse(request.query);
    if (known.success && isFork(head.position, known.data)) head = (await meetFork(deps, head, known.data)) ?? head;
    const answer = headAnswer(deps, head);
    const { etag } = answer;
    if (request.headers['if-none-match'] === etag) sendUnchanged(response, asker, etag);
    else await sendSigned(response, asker, answer);
    await noteSlave(deps, request, [{ listId: head.listId, position: known.success ? known.data : null }]);
  };
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
function headAnswer(deps: Offering, head: ListHead): FeedBody & { etag: string } {
  const { declaration, hash } = deps.readDeclaration(head.declaration);
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
    declaration,
    declaration_hash: hash,
  });
  return { ...answer, etag: `"${createHash('sha256').update(answer.body).digest('base64url')}"` };
}

/** Says of many lists at once whose heads still have the tags that the slave knows. */
function sendHeads(deps: Offering): Handler {
  return async (request, response, asker) => {
    const asked = headsQuery.safeParse(request.query);
    if (!asked.success) throw badParam('lists', `"lists" names up to ${requestHeads} lists with the tags of their heads.`);
    const tags = new Map(asked.data.lists.map((item) => [Number(item.split('.')[0]), item.split('.')[1]]));
    const heads = await readHeads(deps.database, [...tags.keys()]);
    const unchanged = heads.filter((head) => headAnswer(deps, head).etag === `"${tags.get(head.listId)}"`);
    await sendSigned(response, asker, json({ unchanged: unchanged.map((head) => head.listId) }));
    const seen = unchanged.map((head) => ({ listId: head.listId, position: head.position }));
    await noteSlave(deps, request, seen);
  };
}

/** Keeps for the operator of the master who follows a list. The slave has its answer already. */
async function noteSlave(
  { database, logger }: FeedDependencies,
  request: Request,
  seen: readonly { listId: number; position: { epoch: string; revision: number } | null }[],
): Promise<void> {
  const asker = follower.safeParse(request.query);
  if (!asker.success) return;
  const version = /^dossier\/(\S{1,50})/.exec(request.get('user-agent') ?? '')?.[1] ?? null;
  try {
    await noteFollower(database, { node: asker.data.slave, address: addressOf(request), version }, seen);
  } catch (error) {
    logger.warn({ err: error, lists: seen.map((list) => list.listId) }, 'It could not be kept that a slave was seen.');
  }
}

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
