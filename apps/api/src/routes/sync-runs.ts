import { z } from 'zod';
import { historyEntrySchema } from '@dossier/protocol/history.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { offlineDeletionSchema, runSchema, syncRequest } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { listRunHistory } from '@dossier/accounts/history.ts';
import { recordFormerReads } from '@dossier/accounts/reads.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { findLink } from '@dossier/replication/links.ts';
import { listOfflineDeletions } from '@dossier/replication/offline-deletions.ts';
import { listRuns, requestRun } from '@dossier/replication/runs.ts';
import { audited } from '../audited.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import { parseOptionalBody } from '../optional-body.ts';
import { parseQuery, pathId } from '../parse.ts';
import { presentHistory } from '../presenters/history.ts';
import { presentOfflineDeletion, presentRun } from '../presenters/sync.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';
import { recordDeletionReads, recordShown, shown } from '../shown.ts';
import type { SyncDependencies } from './sync.ts';
import { remindOfRun } from './sync-reminders.ts';

const tags = ['Replication'];
const what = 'such link';

export function syncRunRoutes(deps: SyncDependencies): Route[] {
  return [syncRoute(deps), runsRoute(deps), runHistoryRoute(deps), deletionsRoute(deps)];
}

function syncRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/dossier-lists/:id/sync/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Sync a list now',
      description: 'A list has one unfinished run: if there is one, it is the answer, and starts at once if it waits for its next attempt.',
      requestBody: { ...jsonBody(syncRequest), required: false },
      responses: answers({ '202': runSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { mode = 'auto' } = await parseOptionalBody(request, syncRequest);
      const requested = await withReserve(deps.database, () =>
        audited(
          deps.database,
          request,
          (tx) => requestRun(tx, { slaveListId: id, reason: 'person', mode, by: identityOf(request).user.name }),
          (asked) =>
            asked.outcome === 'run'
              ? { action: 'sync-requested', object: { kind: 'link', id }, details: { mode, run: asked.run.id } }
              : null,
        ),
      );
      if (requested.outcome === 'no-link') throw notFound(what);
      if (requested.outcome === 'unlinking') throw beingCancelled(id);
      await remindOfRun(deps, requested.link, requested.run.id);
      response
        .status(202)
        .location(`/sync/dossier-lists/${id}/runs/`)
        .json(await shown(deps.database, request, presentRun(requested.run)));
    },
  };
}

/** The refusal of work for a link that ends. */
export function beingCancelled(slaveListId: number): ApplicationError {
  return new ApplicationError('CONFLICT', `The replication of watch list ${slaveListId} is being cancelled.`);
}

function runsRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/runs/',
    limited: 'list',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags,
      summary: "A link's sync runs, newest first",
      responses: answers({ '200': pageOf(runSchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const cursor = decodeCursor(page, newestFirst);
      const id = await requireLink(database, pathId(request, what));
      const found = presentPage(await listRuns(database, id, { cursor, limit }), presentRun, newestFirst);
      await recordShown(database, request, found.results);
      response.json(found);
    },
  };
}

function runHistoryRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/runs/:run/history/',
    limited: 'list',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags,
      summary: 'What a sync run did to each dossier, from what to what',
      description:
        'For two years, of dossiers that are still here, and for 30 days of those that are gone. Of a run that wrote more than 10,000 dossiers, or filled an empty list, only how many.',
      requestParams: { path: z.object({ id: z.string(), run: z.string() }) },
      responses: answers({ '200': pageOf(historyEntrySchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const cursor = decodeCursor(page, newestFirst);
      const list = await requireLink(database, pathId(request, what));
      const run = pathId(request, 'such run', 'run');
      const found = await listRunHistory(database, { run, list, cursor, limit });
      await recordFormerReads(database, actorOf(request), { kind: 'page', dossiers: found.rows.map((row) => row.object), list });
      response.json(presentPage(found, (row) => presentHistory(request, row), newestFirst));
    },
  };
}

function deletionsRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/deletions/',
    limited: 'list',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags,
      summary: 'Dossiers deleted here while the master was away, newest first',
      responses: answers({ '200': pageOf(offlineDeletionSchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const cursor = decodeCursor(page, newestFirst);
      const id = await requireLink(database, pathId(request, what));
      const found = await listOfflineDeletions(database, { slaveListId: id }, { cursor, limit });
      await recordDeletionReads(database, request, found.rows);
      response.json(presentPage(found, presentOfflineDeletion, newestFirst));
    },
  };
}

async function requireLink(database: Database, slaveListId: number): Promise<number> {
  if (!(await findLink(database, slaveListId))) throw notFound(what);
  return slaveListId;
}
