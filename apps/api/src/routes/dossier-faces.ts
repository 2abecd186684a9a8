import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { dossierFaceFields, dossierFaceSchema } from '@dossier/protocol/dossier.ts';
import { dossierFaceQuery } from '@dossier/protocol/queries.ts';
import { sentAlong } from '@dossier/protocol/sent-along.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import type { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { makeRendition, makeThumbnail } from '@dossier/photos/photo.ts';
import { badParam, notFound } from '@dossier/runtime/errors.ts';
import type { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { addPhoto, deletePhoto, listPhotos, readPhoto } from '@dossier/registry/photos.ts';
import type { PhotoRow } from '@dossier/registry/photos.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { recordReads } from '@dossier/accounts/reads.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { guardPhotos } from '../guarded-photos.ts';
import { inspectUpload } from '../inspect-upload.ts';
import { parseFields, parseQuery } from '../parse.ts';
import { presentFace } from '../present.ts';
import { answers, binary, imageAnswers } from '../route.ts';
import type { Route } from '../route.ts';
import { requireDossier } from '../limited.ts';
import { actorOf, limitsOf } from '../session.ts';
import { hasFresh, sendThumbnailBytes, setImmutable } from '../thumbnails.ts';
import { readUpload } from '../upload.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos' | 'logger'>;

const tags = ['Photos'];
const order: CursorOrder = { ordering: 'id', column: 'photo' };

const requestParams = { path: z.object({ id: z.string().meta({ description: "Made of the dossier's id and the photo's SHA-256" }) }) };
const form = z.strictObject({
  dossier: z.int().meta({ description: 'Id of the dossier' }),
  source_photo: binary,
  features: z.string().max(dossierBounds.featuresCharacters).optional(),
  ...sentAlong.dossierFace,
});

export function dossierFaceRoutes(deps: Dependencies): Route[] {
  return [...itemRoutes(deps), ...bytesRoutes(deps)];
}

function itemRoutes(deps: Dependencies): Route[] {
  const { database } = deps;
  return [
    {
      method: 'get',
      path: '/dossier-faces/',
      limited: 'all',
      access: 'viewer',
      query: dossierFaceQuery,
      operation: {
        tags,
        summary: 'Photos',
        responses: answers({ '200': pageOf(dossierFaceSchema) }),
      },
      async handle(request, response) {
        const { limit, page, dossier } = parseQuery(request, dossierFaceQuery);
        const found = await listPhotos(database, {
          cursor: decodeCursor(page, order),
          limit,
          dossierId: dossier,
          lists: limitsOf(request),
        });
        await recordReads(database, actorOf(request), { kind: 'page', dossiers: found.rows.map((photo) => photo.dossier_id) });
        response.json(presentPage(found, (photo) => presentFace(request, photo), order));
      },
    },
    {
      method: 'post',
      path: '/dossier-faces/',
      limited: 'all',
      access: 'operator',
      operation: {
        tags,
        summary: 'Give a dossier a photo',
        requestBody: { required: true, content: { 'multipart/form-data': { schema: form } } },
        responses: answers({ '201': dossierFaceSchema }),
      },
      async handle(request, response) {
        const photo = await addUpload(deps, request, response);
        response.status(201).location(`/dossier-faces/${photo.id}/`).json(presentFace(request, photo));
      },
    },
    {
      method: 'get',
      path: '/dossier-faces/:id/',
      limited: 'photo',
      access: 'viewer',
      operation: { tags, summary: 'A photo', requestParams, responses: answers({ '200': dossierFaceSchema }) },
      async handle(request, response) {
        response.json(presentFace(request, await readShown(database, request)));
      },
    },
    {
      method: 'delete',
      path: '/dossier-faces/:id/',
      limited: 'own photo',
      access: 'operator',
      operation: { tags, summary: 'Delete a photo', requestParams, responses: answers({ '204': null }) },
      async handle(request, response) {
        await removePhoto(database, request);
        response.status(204).end();
      },
    },
  ];
}

/** The photo that a request names, having kept who looks at it. */
async function readShown(database: Database, request: Request): Promise<PhotoRow> {
  const photo = await readPhoto(database, pathText(request), limitsOf(request));
  await recordReads(database, actorOf(request), { kind: 'photo', dossiers: [photo.dossier_id] });
  return photo;
}

function bytesRoutes(deps: Dependencies): Route[] {
  const { database, photos } = deps;
  const guarded = guardPhotos(deps);
  const bytes = (types: string[]) => ({
    ...imageAnswers(...types),
    '304': { description: 'Not modified' },
  });
  return [
    {
      method: 'get',
      path: '/dossier-faces/:id/photo/',
      limited: 'photo',
      access: 'viewer',
      operation: {
        tags,
        summary: "A photo's bytes, as uploaded",
        requestParams,
        responses: bytes(['image/jpeg', 'image/png', 'image/webp']),
      },
      async handle(request, response) {
        await sendPhoto(guarded, await readShown(database, request), { request, response });
      },
    },
    {
      method: 'get',
      path: '/dossier-faces/:id/thumbnail/',
      limited: 'photo',
      access: 'viewer',
      operation: { tags, summary: "A photo's thumbnail", requestParams, responses: bytes(['image/webp']) },
      async handle(request, response) {
        await sendThumbnail({ photos, guarded }, await readShown(database, request), { request, response });
      },
    },
    {
      method: 'get',
      path: '/dossier-faces/:id/rendition/',
      limited: 'photo',
      access: 'viewer',
      operation: {
        tags,
        summary: 'A photo to be looked at closely',
        description:
          'Upright, in sRGB whatever its own colours are, at most 2560 pixels a side, without metadata. The original stays as it is.',
        requestParams,
        responses: bytes(['image/webp']),
      },
      async handle(request, response) {
        await sendRendition(guarded, await readShown(database, request), { request, response });
      },
    },
  ];
}

/** The id in the path; what can't be one is a photo that isn't there. */
function pathText(request: Request): string {
  const { id } = request.params;
  return typeof id === 'string' ? id : '';
}

async function addUpload({ database, photos }: Dependencies, request: Request, response: Response): Promise<PhotoRow> {
  const { file, fields } = await readUpload(request, response, 'source_photo');
  const { dossier, features = null } = parseFields(dossierFaceFields, fields);
  if (file === null) throw badParam('source_photo', 'source_photo: is required, as a file.');
  // And once more in the transaction that has locked its lists.
  await requireDossier(database, request, { dossier, own: true });
  const facts = await inspectUpload(file);
  return addPhoto(database, {
    dossierId: dossier,
    photo: { ...facts, sha256: createHash('sha256').update(file).digest('hex'), bytes: file.byteLength, features },
    store: async () => {
      await photos.put(file);
    },
    record: async (tx, { photo, change }) => {
      await requireDossier(tx, request, { dossier, own: true });
      await recordAudit(tx, actorOf(request), {
        action: 'photo-added',
        object: { kind: 'photo', id: photo.id },
        details: detailsOf(photo),
        change,
      });
    },
  });
}

async function removePhoto(database: Database, request: Request): Promise<void> {
  await audited(
    database,
    request,
    async (tx) => {
      const deleted = await deletePhoto(tx, pathText(request));
      await requireDossier(tx, request, { dossier: deleted.photo.dossier_id, own: true });
      return deleted;
    },
    ({ photo, change }) => ({ action: 'photo-deleted', object: { kind: 'photo', id: photo.id }, details: detailsOf(photo), change }),
  );
}

function detailsOf({ dossier_id: dossier, sha256 }: PhotoRow) {
  return { dossier, sha256 };
}

interface Exchange {
  readonly request: Request;
  readonly response: Response;
}

function absent(photo: PhotoRow): ApplicationError {
  return notFound(`file of photo ${photo.id} in the photo store (any more, or not yet)`);
}

/** Whoever has the bytes, or asks only about them, hears of the file's length; its content is proved while it is read. */
async function sendPhoto(photos: GuardedPhotos, photo: PhotoRow, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const isFresh = hasFresh(request, photo.sha256);
  const wantsBytes = !isFresh && request.method !== 'HEAD';
  const opened = wantsBytes ? await photos.open(photo) : null;
  if (wantsBytes ? opened === null : !(await photos.compare(photo))) throw absent(photo);
  setImmutable(response, photo.sha256);
  if (isFresh) {
    response.status(304).end();
    return;
  }
  response.set({ 'Content-Type': photo.media_type, 'Content-Length': String(photo.bytes) });
  if (opened === null) response.end();
  else await pipeline(opened.stream, response);
}

/** Renditions are made anew for each browser, which keeps them. */
async function sendRendition(guarded: GuardedPhotos, photo: PhotoRow, { request, response }: Exchange): Promise<void> {
  const tag = `${photo.sha256}-rendition`;
  if (hasFresh(request, tag)) {
    setImmutable(response, tag);
    response.status(304).end();
    return;
  }
  const opened = await guarded.open(photo);
  if (opened === null) throw absent(photo);
  const rendition = await makeRendition(await buffer(opened.stream));
  setImmutable(response, tag);
  response.type('image/webp').send(rendition);
}

interface Thumbnails {
  readonly photos: PhotoStore;
  readonly guarded: GuardedPhotos;
}

async function sendThumbnail(thumbnails: Thumbnails, photo: PhotoRow, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const kept = await thumbnails.photos.readThumbnail(photo.sha256);
  const thumbnail = kept ?? (await renewThumbnail(thumbnails, photo));
  sendThumbnailBytes(request, response, { sha256: photo.sha256, thumbnail });
}

/** Thumbnails are made when first asked for: a replica's photos come without, and most are never looked at. */
async function renewThumbnail({ photos, guarded }: Thumbnails, photo: PhotoRow): Promise<Uint8Array> {
  const opened = await guarded.open(photo);
  if (opened === null) throw absent(photo);
  const thumbnail = await makeThumbnail(await buffer(opened.stream));
  await photos.writeThumbnail(photo.sha256, thumbnail);
  return thumbnail;
}
