import { createHash } from 'node:crypto';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Position } from '@dossier/domain/position.ts';
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
import { SUCCESSION_FIELD, vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { readTreeNodes } from '@dossier/registry/tree.ts';
import type { Distrusted } from '@dossier/feed/distrust.ts';
import { isFork, renewForkedEpoch } from '@dossier/feed/epochs.ts';
import { inSnapshot, readHead, readHeads } from '@dossier/feed/heads.ts';
import type { ListHead } from '@dossier/feed/heads.ts';
import { createDeclarationReader } from '@dossier/feed/offered-declarations.ts';
import type { OfferedDeclaration } from '@dossier/feed/offered-declarations.ts';
import { bundlePhotos } from '@dossier/feed/photo-bundle.ts';
import { readRows } from '@dossier/feed/rows-answer.ts';
import { listShownPhotos } from '@dossier/feed/shown-photos.ts';
import type { Mount } from '../dependencies.ts';
import { guardPhotos } from '../guarded-photos.ts';
import { absent, isWorthCompressing, json, refuseStranger, sendFile, sendPhoto, sendSigned, sendUnchanged } from './feed-answer.ts';
import type { FeedBody } from './feed-answer.ts';
import { admit } from './feed-admission.ts';
import type { Visitor } from './feed-admission.ts';
import type { Asker, FeedDependencies, Handler } from './feed-handler.ts';
import { isWithdrawn, refuse, sendUngranted, sendWithdrawn } from './feed-refusals.ts';
import { isKeyed, noteSite, noteTold, told } from './feed-sightings.ts';

interface Offering extends FeedDependencies {
  readonly readDeclaration: (kept: string) => OfferedDeclaration;
}

const listId = z.coerce.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const knownPosition = z.object({
  epoch: positionSchema.shape.epoch,
  revision: z.coerce.number().int().nonnegative(),
  count: z.coerce.number().int().nonnegative(),
  digest: positionSchema.shape.digest,
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
  const offering = { ...deps, readDeclaration: createDeclarationReader() };
  const signed = (handler: Handler) => async (request: Request, response: Response) => {
    const forUs = isForUs(request, deps);
    const visitor = (await admit(request, { ...deps, isForUs: forUs })) ?? refuseStranger(response);
    const asker = askerOf(visitor, deps);
    if (!forUs) return sendSigned(response, asker, misdirected);
    if (visitor.refusal !== null) return refuse(response, asker, visitor.refusal);
    const list = listId.safeParse(request.params['id']);
    if (deps.configuration.siteKeys !== 'off') {
      const token = isKeyed(visitor) ? null : visitor.verified.key.id;
      const held = { siteId: visitor.site?.id ?? null, token, list: list.success ? list.data : null };
      deps.connections.hold(response, held);
    }
    if (!list.success || mayRead(asker, list.data)) return handler(request, response, asker);
    return sendUngranted(request, response, asker, { deps, list: list.data });
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

/** Says with this node's key which node it is, what vouches for it and which one it follows. */
function askerOf(visitor: Visitor, { nodeUuid, succession, now }: FeedDependencies): Asker {
  const fields = {
    ...(visitor.key.algorithm === 'ed25519' && { [NODE_FIELD]: nodeUuid }),
    ...(visitor.voucher !== null && { [VOUCHER_FIELD]: visitor.voucher }),
    ...(succession !== null && visitor.key.algorithm === 'ed25519' && { [SUCCESSION_FIELD]: succession }),
  };
  return { key: visitor.key, signature: visitor.signature, now, fields, visitor };
}

function mayRead({ visitor }: Asker, list: number): boolean {
  const { lists = null, denied = [] } = visitor.site ?? {};
  return (lists === null || lists.includes(list)) && !denied.includes(list);
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
        ...(deps.nodeKey && isKeyed(visitor) && { certificate: vouch(deps.nodeKey, 'site', visitor.verified.key.id) }),
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

function sendHead(deps: Offering): Handler {
  return async (request, response, asker) => {
    const id = listId.safeParse(request.params['id']);
    let head = id.success ? await readHead(deps.database, id.data) : null;
    if (!head) return sendSigned(response, asker, absent);
    if (isWithdrawn(head)) return sendWithdrawn(request, response, asker, { deps, head });
    const known = knownPosition.safeParse(request.query);
    if (known.success && isFork(head.position, known.data))
      head = (await meetFork(deps, request, asker, { head, known: known.data })) ?? head;
    const distrust = await deps.distrust.read();
    const answer = headAnswer(deps, head, distrust(head.listId));
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
    if (response.statusCode === 200) await noteTold(deps, head);
  };
}

/** A slave says that it holds a later or another history of a list: this database was restored from a backup, or the slave lies. */
async function meetFork(
  { database, logger, alarms, configuration, now }: FeedDependencies,
  request: Request,
  { visitor: { site, isHeard } }: Asker,
  { head, known }: { head: ListHead; known: Position },
): Promise<ListHead | null> {
  // Who doesn't say which node it is could say so again and again.
  if (!isHeard || (site === null && configuration.siteKeys !== 'off')) return null;
  const outcome = await renewForkedEpoch(database, head.listId, { known, site: site?.id ?? null, now: now() });
  if (outcome === 'none') return readHead(database, head.listId);
  const done =
    outcome === 'renewed'
      ? 'The list got a new epoch, so that every slave compares by content, and holds what it would take away'
      : 'The list keeps its epoch';
  logger.warn(
    { list: head.listId, site: site?.id ?? null, name: site?.name ?? null, known, head: head.position },
    `A slave says that it holds a later or another history of a list: either this database was restored from a backup, or the slave lies. ${done}.`,
  );
  if (outcome === 'renewed') await alarms.tellOfRestore({ id: head.listId, name: head.name }, request);
  if (site !== null)
    await alarms.raise(
      site,
      'SITE_DIFFERS',
      `says that it holds a later or another history of list ${head.listId} than this node. ${done}`,
      request,
    );
  return readHead(database, head.listId);
}

/** The head of a list with the tag that changes with it. */
function headAnswer(deps: Offering, head: ListHead, { distrusted, withheld }: Distrusted): FeedBody & { etag: string } {
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
    distrusted,
    withheld,
  });
  return { ...answer, etag: `"${createHash('sha256').update(answer.body).digest('base64url')}"` };
}

/** Says of many lists at once whose heads still have the tags that the slave knows. */
function sendHeads(deps: Offering): Handler {
  return async (request, response, asker) => {
    const asked = headsQuery.safeParse(request.query);
    if (!asked.success) throw badParam('lists', `"lists" names up to ${requestHeads} lists with the tags of their heads.`);
    const tags = new Map(asked.data.lists.map((item) => [Number(item.split('.')[0]), item.split('.')[1]]));
    const heads = await readHeads(
      deps.database,
      [...tags.keys()].filter((list) => mayRead(asker, list)),
    );
    const distrust = await deps.distrust.read();
    const unchanged = heads.filter(
      (head) => !head.withdrawn && headAnswer(deps, head, distrust(head.listId)).etag === `"${tags.get(head.listId)}"`,
    );
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
