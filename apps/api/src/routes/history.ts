import { mayActAs } from '@dossier/domain/role.ts';
import type { Request } from 'express';
import { z } from 'zod';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { findRememberedPhoto, listHistory } from '@dossier/accounts/history.ts';
import { recordFormerReads, recordReads } from '@dossier/accounts/reads.ts';
import { readDossier } from '@dossier/registry/dossiers.ts';
import { findHeldPhoto } from '@dossier/replication/holds.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery, pathId } from '../parse.ts';
import { presentHistory } from '../presenters/history.ts';
import { answers, imageAnswers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';
import { sendFormerThumbnail } from '../thumbnails.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos'>;

const requestParams = { path: z.object({ id: z.string(), sha256: z.string().meta({ description: "The photo's SHA-256" }) }) };

/** What became of dossiers, from what to what. */
export function historyRoutes(deps: Dependencies): Route[] {
  return [dossierHistoryRoute(deps), thumbnailRoute(deps), heldThumbnailRoute(deps)];
}

function dossierHistoryRoute({ database }: Dependencies): Route {
  return {
    method: 'get',
    path: '/dossiers/:id/history/',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags: ['Dossiers'],
      summary: 'Who changed a dossier, from what to what, when and from where, newest first',
      description: 'On a slave: which sync brought it. Of a dossier that is gone the audit tells, for as long as that is kept.',
      responses: answers({ '200': pageOf(historyEntrySchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const cursor = decodeCursor(page, newestFirst);
      const { id } = await readDossier(database, pathId(request, 'such dossier'));
      await recordReads(database, actorOf(request), { kind: 'dossier', dossiers: [id] });
      const found = await listHistory(database, { dossier: id, cursor, limit });
      const merged = found.rows.flatMap((row) => row.merged?.object ?? []);
      await recordFormerReads(database, actorOf(request), { kind: 'dossier', dossiers: merged });
      response.json(presentPage(found, (row) => presentHistory(request, row), newestFirst));
    },
  };
}

function thumbnailRoute({ database, photos }: Dependencies): Route {
  return {
    method: 'get',
    path: '/history/:id/thumbnails/:sha256/',
    access: 'viewer',
    operation: {
      tags: ['Dossiers'],
      summary: 'The thumbnail of a photo that an entry of a history shows',
      description: '404 once the photo is gone from the store, a week after nothing shows it any more.',
      requestParams,
      responses: imageAnswers('image/webp'),
    },
    async handle(request, response) {
      const sha256 = addressOf(request);
      const photo = await findRememberedPhoto(database, { entry: pathId(request, 'such entry'), sha256 });
      if (photo === null) throw notFound('such photo');
      // As the bin itself.
      if (photo.binned && !mayActAs(identityOf(request).user.role, 'operator')) throw notFound('such photo');
      await recordFormerReads(database, actorOf(request), { kind: 'photo', dossiers: [photo.dossier], list: photo.list });
      await sendFormerThumbnail(photos, { sha256, bytes: photo.bytes }, { request, response });
    },
  };
}

function heldThumbnailRoute({ database, photos }: Dependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/held/thumbnails/:sha256/',
    limited: 'list',
    access: 'viewer',
    operation: {
      tags: ['Replication'],
      summary: 'The thumbnail of a photo that a held sync would bring or take',
      description: '404 for a photo that was not fetched, or is gone.',
      requestParams,
      responses: imageAnswers('image/webp'),
    },
    async handle(request, response) {
      const sha256 = addressOf(request);
      const list = pathId(request, 'such link');
      const photo = await findHeldPhoto(database, { slaveListId: list, sha256 });
      if (photo === null) throw notFound('such photo');
      await recordFormerReads(database, actorOf(request), { kind: 'photo', dossiers: [photo.dossier], list });
      await sendFormerThumbnail(photos, { sha256, bytes: photo.bytes }, { request, response });
    },
  };
}

/** The address of a photo in the path. */
export function addressOf(request: Request): string {
  const { sha256 } = request.params;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw notFound('such photo');
  return sha256;
}
