import { createHash } from 'node:crypto';
import { z } from 'zod';
import { checkedPhotoSchema, duplicateQuery, duplicatesSchema } from '@dossier/protocol/duplicates.ts';
import type { CheckedPhoto, Duplicate } from '@dossier/protocol/duplicates.ts';
import { recordReads } from '@dossier/accounts/reads.ts';
import { createGate } from '@dossier/photos/gate.ts';
import { findNamesakes } from '@dossier/registry/namesakes.ts';
import { findPhotoHolders } from '@dossier/registry/photo-holders.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { inspectUpload } from '../inspect-upload.ts';
import { namedLists, parseFields, parseQuery } from '../parse.ts';
import { presentDossier } from '../present.ts';
import { answers, binary } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, limitsOf } from '../session.ts';
import { readUpload } from '../upload.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos'>;

const mostShown = 5;

/** What warns before somebody is made a second time. */
export function duplicateRoutes(deps: Dependencies): Route[] {
  return [duplicatesRoute(deps), photoCheckRoute()];
}

function duplicatesRoute({ database, photos }: Dependencies): Route {
  // Beside the searches of people who wait for them.
  const inTurn = createGate(1);
  return {
    method: 'get',
    path: '/dossiers/duplicates/',
    limited: 'narrowed',
    access: 'viewer',
    query: duplicateQuery,
    operation: {
      tags: ['Dossiers'],
      summary: 'Who may be the same person: the same or a similar name, or the same photo',
      description: `At most ${mostShown} of each, the most alike first.`,
      responses: answers({ '200': duplicatesSchema }),
    },
    async handle(request, response) {
      const { name = '', dossier_lists: lists, sha256, except } = parseQuery(request, duplicateQuery);
      if (name === '' && sha256 === undefined) throw badParam('name', 'name: is required, or sha256.');
      await requireShown(database, namedLists(request, lists));
      const results = await inTurn(async () => {
        // What the store doesn't have nobody shows, and no row needs to be read.
        const isKept = sha256 !== undefined && (await photos.has(sha256));
        const holders = isKept
          ? await findPhotoHolders(database, { sha256, lists: limitsOf(request) ?? undefined, except, limit: mostShown })
          : [];
        const namesakes = name === '' ? [] : await findNamesakes(database, { name, lists, except, limit: mostShown });
        return [
          ...holders.map((dossier): Duplicate => ({ ...presentDossier(dossier), alike: 'photo' })),
          ...namesakes
            .filter(({ dossier }) => !holders.some(({ id }) => id === dossier.id))
            .map(({ dossier, same }): Duplicate => ({ ...presentDossier(dossier), alike: same ? 'name' : 'similar-name' })),
        ];
      });
      await recordReads(database, actorOf(request), { kind: 'page', dossiers: results.map(({ id }) => id) });
      response.json({ results });
    },
  };
}

const form = z.strictObject({ source_photo: binary });

function photoCheckRoute(): Route {
  return {
    method: 'post',
    path: '/dossier-faces/check/',
    limited: 'all',
    access: 'operator',
    operation: {
      tags: ['Photos'],
      summary: 'Whether a photo would be taken, and its SHA-256; nothing is kept',
      requestBody: { required: true, content: { 'multipart/form-data': { schema: form } } },
      responses: answers({ '200': checkedPhotoSchema }),
    },
    async handle(request, response) {
      const { file, fields } = await readUpload(request, response, 'source_photo');
      parseFields(z.strictObject({}), fields);
      if (file === null) throw badParam('source_photo', 'source_photo: is required, as a file.');
      const { width, height } = await inspectUpload(file);
      const sha256 = createHash('sha256').update(file).digest('hex');
      response.json({ sha256, width, height, bytes: file.byteLength } satisfies CheckedPhoto);
    },
  };
}
