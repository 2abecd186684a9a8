import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { feedPhotoSchema, feedVersions, positionSchema, requestBuckets, requestDossiers, requestHeads } from '@dossier/protocol/feed.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import { photosMediaType, requestPhotos } from '@dossier/protocol/photos.ts';
import { rowsMediaType } from '@dossier/protocol/rows.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import type { Database } from '@dossier/store/database.ts';
import { findPhotoBytes, readBuckets, readDossiers, readHashes, readHead, readHeads, readPage, renewEpoch } from '@dossier/store/feed.ts';
import type { FeedPage, ListHead } from '@dossier/store/feed.ts';
import { noteFollower } from '@dossier/store/followers.ts';
import type { Mount } from '../dependencies.ts';
import { guardPhotos } from '../guarded-photos.ts';
import type { PageCache } from '../page-cache.ts';
import { bundlePhotos } from '../photo-bundle.ts';
import { addressOf } from '../session.ts';
import { isWorthCompressing, requireSignature, sendFile, sendPhoto, sendSigned, sendUnchanged } from './feed-answer.ts';
import type { Asker, FeedBody } from './feed-answer.ts';

export interface FeedDependencies {
  configuration: Pick<Configuration, 'externalAddress' | 'syncTime' | 'timeZone'>;
  /** Of SYNC_TOKEN and SYNC_TOKEN_PREVIOUS; none: every request is refused. */
  keys: readonly SigningKey[];
  logger: Logger;
  database: Database;
  photos: PhotoStore;
  /** Where pages of rows are kept; without it the feed has only its readable form. */
  pages?: PageCache;
  nodeUuid: string;
  now: () => Date;
  /** Most changes in one page. */
  pageRows: number;
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
const headsQuery = z.object({
  lists: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.string().regex(/^[1-9]\d{0,14}\.[\w-]{43}$/)).max(requestHeads)),
});
const bucketsQuery = z.object({
  buckets: z
    .string()
    .transform((value) => value.split(',').map(Number))
    .pipe(z.array(z.int().min(0).max(4095)).max(requestBuckets)),
});
const photoAddress = feedPhotoSchema.shape.sha256;
const photosQuery = z.object({
  sha256: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(photoAddress).max(requestPhotos)),
});
const dossiersQuery = z.object({
  dossiers: z
    .string()
    .transform((value) => value.split(','))
    .pipe(z.array(z.uuid()).max(requestDossiers)),
});

/** The feed of this node's lists, version 1 (docs/protocol.md), for holders of the shared SYNC_TOKEN. */
export function createFeedMount(deps: FeedDependencies): Mount {
  const router = Router({ strict: false });
  const signed = (handler: Handler) => async (request: Request, response: Response) =>
    handler(request, response, requireSignature(request, deps));
  router.get('/', signed(greet(deps)));
  router.get('/v1/dossier-lists', signed(offerLists(deps)));
  router.get('/v1/heads', signed(sendHeads(deps)));
  router.get('/v1/dossier-lists/:id/head', signed(sendHead(deps)));
  router.get('/v1/dossier-lists/:id/changes', signed(sendChanges(deps)));
  router.get('/v1/dossier-lists/:id/buckets', signed(sendBuckets(deps)));
  router.get('/v1/dossier-lists/:id/hashes', signed(sendHashes(deps)));
  router.get('/v1/dossier-lists/:id/dossiers', signed(sendDossiers(deps)));
  router.get('/v1/photos', signed(sendPhotosOf(deps)));
  router.get('/v1/photos/:sha256', signed(sendPhotoOf(deps)));
  router.use(signed(async (_request, response, asker) => sendSigned(response, asker, absent)));
  return { path: '/feed', access: 'everyone', handler: router };
}

const absent: FeedBody = { status: 404, contentType: 'application/json', body: Buffer.from('{}') };

function json(value: unknown, status = 200): FeedBody {
  return { status, contentType: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

/** NDJSON with the end line that makes a page whole. */
function ndjson(page: FeedPage): FeedBody {
  const end = {
    kind: 'end',
    dossier_list: page.head.listUuid,
    count: page.count,
    next: page.next,
    more: page.more,
    head: page.head.position,
  };
  return { status: 200, contentType: 'application/x-ndjson', body: Buffer.from(`${page.body}${JSON.stringify(end)}\n`) };
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

function sendHead(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    let head = id.success ? await readHead(deps.database, id.data) : null;
    if (!head) return sendSigned(response, asker, absent);
    const known = knownPosition.safeParse(request.query);
    if (known.success && isFork(head, known.data)) {
      deps.logger.warn(
        { list: head.listId, known: known.data, head: head.position },
        'A slave holds a later or another history of a list: this database was restored from a backup. The list gets a new epoch, so that every slave compares by content.',
      );
      await renewEpoch(deps.database, head.listId, head.position.epoch);
      head = (await readHead(deps.database, head.listId)) ?? head;
    }
    const answer = headAnswer(deps, head);
    const { etag } = answer;
    if (request.headers['if-none-match'] === etag) sendUnchanged(response, asker, etag);
    else await sendSigned(response, asker, answer);
    await noteSlave(deps, request, [{ listId: head.listId, position: known.success ? known.data : null }]);
  };
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
    origins: head.origins,
  });
  return { ...answer, etag: `"${createHash('sha256').update(answer.body).digest('base64url')}"` };
}

/** Says of many lists at once whose heads still have the tags that the slave knows. */
function sendHeads(deps: FeedDependencies): Handler {
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

/** A slave proves that this list once was further than it is, or was another one at the same revision. */
function isFork(head: ListHead, known: z.infer<typeof knownPosition>): boolean {
  const { position } = head;
  if (known.epoch !== position.epoch) return false;
  if (known.revision > position.revision) return true;
  return known.revision === position.revision && (known.digest !== position.digest || known.count !== position.count);
}

function sendChanges(deps: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const from = pageQuery.safeParse(request.query);
    if (!from.success) throw badParam('since', '"since" (a revision) and "epoch" are needed.');
    if (!id.success) return sendSigned(response, asker, absent);
    const asked = { listId: id.data, ...from.data };
    const pages = request.accepts(['application/x-ndjson', rowsMediaType]) === rowsMediaType ? deps.pages : undefined;
    if (pages) return sendRows({ ...deps, pages }, asked, { response, asker });
    const page = await readPage(deps.database, { listId: asked.listId, since: asked.since, rows: deps.pageRows });
    if (!page) return sendSigned(response, asker, absent);
    if (isGone(page.head, asked)) return sendSigned(response, asker, gone(page.head));
    return sendSigned(response, asker, ndjson(page));
  };
}

/** The same page as rows, from the file in which it is kept. */
async function sendRows(
  { database, pages }: { database: Database; pages: PageCache },
  asked: z.infer<typeof pageQuery> & { listId: number },
  { response, asker }: { response: Response; asker: Asker },
): Promise<void> {
  const head = await readHead(database, asked.listId);
  if (!head) return sendSigned(response, asker, absent);
  if (isGone(head, asked)) return sendSigned(response, asker, gone(head));
  const page = await pages.read(head, asked.since);
  // The list or its history went away while the page was made: the next question hears of it.
  if (!page) return sendSigned(response, asker, gone(head));
  if (!isWorthCompressing(response.req)) return sendFile(response, asker, { contentType: rowsMediaType, ...page });
  return sendFile(response, asker, { contentType: rowsMediaType, contentEncoding: 'zstd', ...(await page.compressed()) });
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

function sendBuckets({ database }: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const found = id.success ? await readBuckets(database, id.data) : null;
    if (!found) return sendSigned(response, asker, absent);
    const { head, buckets } = found;
    return sendSigned(response, asker, json({ dossier_list: head.listUuid, position: head.position, buckets }));
  };
}

function sendHashes({ database }: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = bucketsQuery.safeParse(request.query);
    if (!asked.success) throw badParam('buckets', `"buckets" names up to ${requestBuckets} numbers from 0 to 4095.`);
    const head = id.success ? await readHead(database, id.data) : null;
    if (!head) return sendSigned(response, asker, absent);
    const hashes = await readHashes(database, head.listId, asked.data.buckets);
    return sendSigned(response, asker, json({ dossier_list: head.listUuid, hashes }));
  };
}

function sendDossiers({ database }: FeedDependencies): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    const asked = dossiersQuery.safeParse(request.query);
    if (!asked.success) throw badParam('dossiers', `"dossiers" names up to ${requestDossiers} uuids.`);
    const page = id.success ? await readDossiers(database, id.data, asked.data.dossiers) : null;
    return sendSigned(response, asker, page ? ndjson(page) : absent);
  };
}

function sendPhotoOf(deps: FeedDependencies): Handler {
  const { database } = deps;
  const photos = guardPhotos(deps);
  return async (request, response, asker) => {
    const sha256 = photoAddress.safeParse(request.params['sha256']);
    // Only what a dossier refers to: the store may hold what an upload that was rolled back left.
    const bytes = sha256.success ? await findPhotoBytes(database, sha256.data) : null;
    const file = sha256.success && bytes !== null ? await photos.open({ sha256: sha256.data, bytes }) : null;
    if (!sha256.success || !file) return sendSigned(response, asker, absent);
    return sendPhoto(response, asker, { sha256: sha256.data, ...file });
  };
}

function sendPhotosOf(deps: FeedDependencies): Handler {
  const photos = guardPhotos(deps);
  return async (request, response, asker) => {
    const asked = photosQuery.safeParse(request.query);
    if (!asked.success) throw badParam('sha256', `"sha256" names up to ${requestPhotos} photos by their addresses.`);
    const { body, giveBack } = await bundlePhotos({ database: deps.database, photos }, asked.data.sha256);
    response.once('finish', giveBack);
    await sendSigned(response, asker, { status: 200, contentType: photosMediaType, isCompressed: true, body });
  };
}
