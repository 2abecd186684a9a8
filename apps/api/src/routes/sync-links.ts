import type { Request } from 'express';
import { z } from 'zod';
import { linkRequest, linkSchema, normaliseRemoteUrl } from '@dossier/protocol/sync.ts';
import type { Link } from '@dossier/protocol/sync.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { looseBoolean, pageOf } from '@dossier/protocol/values.ts';
import { ApplicationError, badParam, notFound } from '@dossier/runtime/errors.ts';
import { createLink, findLink, isLinkedAlready, listLinks, startUnlink } from '@dossier/replication/links.ts';
import type { JudgedLink } from '@dossier/replication/links.ts';
import { findUnfinishedRun, listUnfinishedRuns } from '@dossier/replication/runs.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentLink } from '../presenters/sync.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf, limitsOf } from '../session.ts';
import { recordShown, shown } from '../shown.ts';
import type { SyncDependencies } from './sync.ts';
import { requireAllowedMaster, requireIntroduction } from './sync-masters.ts';
import { preferredWaitSeconds } from './sync-prefer.ts';
import { remindOfRun, remindOfUnlink } from './sync-reminders.ts';
import { waitForSync } from './sync-wait.ts';

const tags = ['Replication'];
const what = 'such link';
const unlinkQuery = z.object({ purge: looseBoolean.default(false) });

export function syncLinkRoutes(deps: SyncDependencies): Route[] {
  return [linkRoute(deps), listRoute(deps), readRoute(deps), unlinkRoute(deps)];
}

function linkRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/dossier-lists/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Make a watch list a replica of one of a master',
      description:
        'What the list holds is replaced at the first sync. With `Prefer: wait=N` (at most 60 seconds) the answer waits for that sync: 200 if it was reached.',
      requestParams: { header: z.object({ prefer: z.string().optional() }) },
      requestBody: jsonBody(linkRequest),
      responses: answers({ '200': linkSchema, '202': linkSchema }),
    },
    async handle(request, response) {
      const link = await recordLink(deps, request, await parseBody(request, linkRequest));
      const id = link.slave_list_id;
      response.location(`/sync/dossier-lists/${id}/`);
      const seconds = preferredWaitSeconds(request.headers['prefer'] as string | undefined);
      if (seconds === null) {
        response.status(202).json(await presentNow(deps, request, link));
        return;
      }
      const synced = await waitForSync(deps.events, id, { request, response, seconds });
      if (synced) response.set('Preference-Applied', `wait=${seconds}`).json(await shown(deps.database, request, synced));
      // Time has passed: the link is shown as it is now.
      else response.status(202).json(await presentNow(deps, request, (await findLink(deps.database, id)) ?? link));
    },
  };
}

async function recordLink(deps: SyncDependencies, request: Request, body: z.output<typeof linkRequest>): Promise<JudgedLink> {
  const { configuration, database } = deps;
  const slaveListId = body.slave_dossier_list;
  const remoteUrl = normaliseRemoteUrl(body.remote_url);
  requireAllowedMaster(configuration, remoteUrl);
  await requireIntroduction(deps, remoteUrl);
  const wanted = {
    slaveListId,
    remoteUrl,
    remoteListId: body.remote_dossier_list,
    by: identityOf(request).user.name,
    refuseNonEmpty: configuration.syncOnExisting === 'refuse',
  };
  const known = await findLink(database, slaveListId);
  if (known && isLinkedAlready(known, wanted)) return known;
  const creation = await audited(
    database,
    request,
    (tx) => createLink(tx, wanted),
    (made) =>
      'runId' in made && made.runId !== null
        ? {
            action: 'linked',
            object: { kind: 'link', id: slaveListId },
            details: { remote_url: remoteUrl, remote_dossier_list: wanted.remoteListId, dossiers_before: made.link.local_count },
          }
        : null,
  );
  if (creation.outcome === 'no-list') throw badParam('slave_dossier_list', `There is no watch list ${slaveListId} on this node.`);
  if (creation.outcome === 'not-empty') {
    throw new ApplicationError(
      'CONFLICT',
      `Watch list ${slaveListId} holds ${creation.dossiers} dossiers, and SYNC_ON_EXISTING is refuse. Nothing was changed.`,
      { param: 'slave_dossier_list', remedy: 'Link an empty list, purge this one first, or set SYNC_ON_EXISTING to replace.' },
    );
  }
  if (creation.outcome === 'conflict') throw refuseOther(creation.link);
  if (creation.runId !== null) await remindOfRun(deps, creation.link, creation.runId);
  return creation.link;
}

function refuseOther({ slave_list_id: list, remote_list_id: remoteList, remote_url: remoteUrl, state }: JudgedLink): ApplicationError {
  if (state === 'unlinking') {
    return new ApplicationError('CONFLICT', `The replication of watch list ${list} is being cancelled.`, {
      param: 'slave_dossier_list',
      remedy: 'Link it again when that is done, which takes seconds.',
    });
  }
  return new ApplicationError('CONFLICT', `Watch list ${list} replicates watch list ${remoteList} of ${remoteUrl} already.`, {
    param: 'slave_dossier_list',
    remedy: 'Correct that link (PATCH of it, or "dossier relink"), cancel it first, or link another list.',
  });
}

function listRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/',
    limited: 'all',
    access: 'viewer',
    query: pageQuery,
    operation: {
      tags,
      summary: 'What this node replicates',
      responses: answers({ '200': pageOf(linkSchema) }),
    },
    async handle(request, response) {
      const { limit, page } = parseQuery(request, pageQuery);
      const found = await listLinks(database, { cursor: decodeCursor(page), limit, lists: limitsOf(request) });
      const runs = await listUnfinishedRuns(
        database,
        found.rows.map((link) => link.slave_list_id),
      );
      const runOf = new Map(runs.map((run) => [run.slave_list_id, run]));
      const links = presentPage(found, (link) => presentLink(link, runOf.get(link.slave_list_id) ?? null));
      await recordShown(database, request, links.results);
      response.json(links);
    },
  };
}

function readRoute(deps: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/',
    limited: 'list',
    access: 'viewer',
    operation: { tags, summary: 'A link, by the id of its list on this node', responses: answers({ '200': linkSchema }) },
    async handle(request, response) {
      const link = await findLink(deps.database, pathId(request, what));
      if (!link) throw notFound(what);
      response.json(await presentNow(deps, request, link));
    },
  };
}

function unlinkRoute(deps: SyncDependencies): Route {
  return {
    method: 'delete',
    path: '/sync/dossier-lists/:id/',
    access: 'admin',
    query: unlinkQuery,
    operation: {
      tags,
      summary: 'Cancel replication and synchronization of a list',
      description:
        'The dossiers stay and the list becomes an ordinary one; with `purge` they go. The link is gone (404) when that is done.',
      responses: answers({ '202': linkSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { purge } = parseQuery(request, unlinkQuery);
      const link = await findLink(deps.database, id);
      const started = await audited(
        deps.database,
        request,
        (tx) => startUnlink(tx, id, purge),
        (found) => (found && link ? { action: 'unlinked', object: { kind: 'link', id }, details: detailsOf(link, purge) } : null),
      );
      if (!link || !started) throw notFound(what);
      await remindOfUnlink(deps, { slaveDossierList: id, purge: purge || link.purge });
      const unlinking = presentLink({ ...link, state: 'unlinking', error: null }, null);
      response.status(202).json(await shown(deps.database, request, unlinking));
    },
  };
}

function detailsOf({ remote_url: url, remote_list_id: list }: JudgedLink, purge: boolean) {
  return { remote_url: url, remote_dossier_list: list, purge };
}

async function presentNow({ database }: SyncDependencies, request: Request, link: JudgedLink): Promise<Link> {
  return shown(database, request, presentLink(link, await findUnfinishedRun(database, link.slave_list_id)));
}
