import type { Request } from 'express';
import type { Knex } from 'knex';
import { z } from 'zod';
import { binnedDossierSchema, binQuery, deletionSchema, restoration, restoredSchema } from '@dossier/protocol/bin.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import type { AuditRecord } from '@dossier/accounts/audit.ts';
import { recordBinReads, recordReads } from '@dossier/accounts/reads.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { findBinnedPhoto, listBin, listDeletions } from '@dossier/registry/bin/bin.ts';
import { eraseDeletion, eraseDossier } from '@dossier/registry/bin/erase.ts';
import type { Erasure } from '@dossier/registry/bin/erase.ts';
import { rememberRestored, restore } from '@dossier/registry/bin/restore.ts';
import type { Conflict, Restoration, Restored } from '@dossier/registry/bin/restore.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { audited } from '../audited.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { conflictSentence, presentBinned, presentConflict, presentDeletion } from '../presenters/bin.ts';
import { originOf } from '../presenters/history.ts';
import { answers, imageAnswers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';
import { sendFormerThumbnail } from '../thumbnails.ts';
import { addressOf } from './history.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos' | 'configuration'>;

const tags = ['Bin'];
const order: CursorOrder = { ordering: 'bin', column: 'id', byList: true };

/** What was deleted on this node and can be restored. */
export function binRoutes(deps: Dependencies): Route[] {
  return [...listingRoutes(deps), thumbnailRoute(deps), restoreRoute(deps), ...erasingRoutes(deps)];
}

function listingRoutes({ database, configuration: { binDays } }: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/bin/',
      access: 'operator',
      query: binQuery,
      operation: {
        tags,
        summary: 'Deleted dossiers that can be restored, the newest deletion first',
        responses: answers({ '200': pageOf(binnedDossierSchema) }),
      },
      async handle(request, response) {
        const { limit, page, dossier_lists: lists, deletion, text } = parseQuery(request, binQuery);
        const filter = { lists, deletion, text: text === '' ? undefined : text };
        const found = await listBin(database, { filter, cursor: decodeCursor(page, order), limit });
        await recordBinReads(database, actorOf(request), { kind: 'page', dossiers: found.rows.map(({ id }) => id) });
        const origin = originOf(request);
        response.json(presentPage(found, (row) => presentBinned(row, { binDays, origin }), order));
      },
    },
    {
      method: 'get',
      path: '/bin/deletions/',
      access: 'operator',
      query: pageQuery,
      operation: {
        tags,
        summary:
          'Deletions that took many dossiers at once: of a selection, of a whole list, of an import that was taken back; as far as they can be restored',
        responses: answers({ '200': pageOf(deletionSchema) }),
      },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listDeletions(database, { cursor: decodeCursor(page, newestFirst), limit });
        response.json(presentPage(found, (row) => presentDeletion(row, binDays), newestFirst));
      },
    },
  ];
}

function thumbnailRoute({ database, photos }: Dependencies): Route {
  return {
    method: 'get',
    path: '/bin/:id/thumbnails/:sha256/',
    access: 'operator',
    operation: {
      tags,
      summary: 'The thumbnail of a photo of a dossier in the bin',
      requestParams: { path: z.object({ id: z.int().positive(), sha256: z.string().meta({ description: "The photo's SHA-256" }) }) },
      responses: imageAnswers('image/webp'),
    },
    async handle(request, response) {
      const dossier = pathId(request, 'such dossier');
      const sha256 = addressOf(request);
      const photo = await findBinnedPhoto(database, { dossier, sha256 });
      if (photo === null) throw notFound('such photo');
      await recordBinReads(database, actorOf(request), { kind: 'photo', dossiers: [dossier] });
      await sendFormerThumbnail(photos, { sha256, bytes: photo.bytes }, { request, response });
    },
  };
}

function restoreRoute({ database }: Dependencies): Route {
  return {
    method: 'post',
    path: '/bin/restore/',
    access: 'operator',
    operation: {
      tags,
      summary: 'Restore what a deletion took, or some dossiers',
      description:
        'Each comes back into its list as it was, with its id, history and photos; slaves get it with their next sync. What can’t be restored stays in the bin and is named; 409 if that is all.',
      requestBody: jsonBody(restoration),
      responses: answers({ '200': restoredSchema }),
    },
    async handle(request, response) {
      const { deletion = null, dossiers = null, dossier_list: into = null } = await parseBody(request, restoration);
      const restored = await restoreAudited(database, request, { deletion, dossiers, into });
      for (const { list_id: list } of restored.lists) await settleDigest(database, list);
      await recordBinReads(database, actorOf(request), { kind: 'page', dossiers: restored.conflicts.map(({ id }) => id) });
      await recordReads(database, actorOf(request), { kind: 'page', dossiers: restored.conflicts.flatMap(({ other }) => other ?? []) });
      const [conflict] = restored.conflicts;
      if (conflict && restored.lists.length === 0) throw nothingRestored(conflict, restored.conflictCount - 1);
      response.json({
        restored: restored.lists.reduce((sum, list) => sum + list.dossiers, 0),
        conflict_count: restored.conflictCount,
        conflicts: restored.conflicts.map(presentConflict),
        missing: restored.missing,
      });
    },
  };
}

/** So many dossiers have an entry of the audit each. */
const toldOneByOne = 100;

async function restoreAudited(database: Database, request: Request, asked: Restoration): Promise<Restored> {
  return transaction(database, async (tx) => {
    const restored = await restore(tx, asked);
    await recordRestored(tx, request, restored);
    return restored;
  });
}

function nothingRestored(conflict: Conflict, others: number): ApplicationError {
  const more = others > 0 ? ` So do ${others} others.` : '';
  return new ApplicationError('CONFLICT', `${conflictSentence(conflict)}${more} Nothing was restored, and nothing is lost.`, {
    remedy:
      conflict.reason === 'list-gone'
        ? 'Restore it into another list: name that as dossier_list.'
        : 'Change or delete what is in its way, then restore it.',
  });
}

/** Keeps who restored: of a few dossiers with each, of many with their list. */
async function recordRestored(tx: Knex.Transaction, request: Request, { lists }: Restored): Promise<void> {
  const actor = actorOf(request);
  if (lists.reduce((sum, list) => sum + list.dossiers, 0) <= toldOneByOne) {
    const rows = lists.flatMap(({ list_id: list, examples }) => examples.map((example) => ({ ...example, list })));
    for (const [uuid, copies] of Map.groupBy(rows, (row) => row.uuid)) {
      const [{ id, name }] = copies as [(typeof rows)[number]];
      const values = { name, dossier_lists: copies.map(({ list }) => list) };
      await recordAudit(tx, actor, {
        action: 'dossier-restored',
        object: { kind: 'dossier', id, uuid, name },
        details: { dossier_lists: values.dossier_lists },
        change: { before: null, after: JSON.stringify(values) },
      });
    }
    return;
  }
  for (const list of lists) {
    const { id, uuid, name } = await readWatchList(tx, list.list_id);
    const object = { kind: 'watch-list', id, uuid, name } as const;
    const entry = await recordAudit(tx, actor, { action: 'dossiers-restored', object, details: { dossiers: list.dossiers } });
    await rememberRestored(tx, entry, [list]);
  }
}

function erasingRoutes({ database }: Dependencies): Route[] {
  const erase = (
    path: string,
    summary: string,
    work: (tx: Database, request: Request) => Promise<Erasure>,
    object: (request: Request, erasure: Erasure) => AuditRecord['object'],
  ): Route => ({
    method: 'delete',
    path,
    access: 'admin',
    operation: {
      tags,
      summary,
      description: 'For good. Photos that nothing else shows go a week later.',
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      await withReserve(database, () =>
        audited(
          database,
          request,
          (tx) => work(tx, request),
          (erasure) => ({ action: 'bin-erased', object: object(request, erasure), details: { dossiers: erasure.dossiers } }),
        ),
      );
      response.status(204).end();
    },
  });
  return [
    erase(
      '/bin/',
      'Erase all that is in the bin',
      (tx) => eraseDeletion(tx, null),
      () => ({ kind: 'bin' }),
    ),
    erase(
      '/bin/deletions/:id/',
      'Erase what a deletion took',
      (tx, request) => eraseDeletion(tx, pathId(request, 'such deletion')),
      (request) => ({ kind: 'bin', id: pathId(request, 'such deletion') }),
    ),
    erase(
      '/bin/:id/',
      'Erase a dossier that is in the bin',
      (tx, request) => eraseDossier(tx, pathId(request, 'such dossier')),
      (request, { uuid }) => ({ kind: 'dossier', id: pathId(request, 'such dossier'), uuid }),
    ),
  ];
}
