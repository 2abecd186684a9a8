import { misfitsSchema } from '@dossier/protocol/declaration.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListChange, watchListCreation, watchListSchema } from '@dossier/protocol/watch-list.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { countMisfits } from '@dossier/registry/declared-values.ts';
import {
  createWatchList,
  deleteWatchList,
  listChangeOf,
  listWatchLists,
  purgeWatchList,
  readWatchList,
  updateWatchList,
} from '@dossier/registry/watch-lists.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { ListExpectation, WatchListRow } from '@dossier/registry/watch-lists.ts';
import { answersDeleted, sendDeleted } from '../deleted.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { ifMatch, matchRequired, namesState, requireState } from '../if-match.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { isTagOfList, presentWatchList, watchListTag } from '../present.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf, limitsOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'configuration'>;

const tags = ['Watch lists'];
const what = 'such watch list';

function objectOf({ id, uuid, name }: WatchListRow) {
  return { kind: 'watch-list', id, uuid, name } as const;
}

function send(response: Response, list: WatchListRow): void {
  response.set('ETag', watchListTag(list)).json(presentWatchList(list));
}

/** What is declared at length stands in what became of the list. */
function detailsOf({ fields, instruction, ...change }: z.output<typeof watchListChange>) {
  return {
    ...change,
    ...(fields && { fields: fields.map(({ name }) => name) }),
    ...(instruction && { instruction: Object.keys(instruction) }),
  };
}

/** Refuses a change of a list that is set otherwise than the request names, or that names no state where the list demands it. */
function expected(request: Request): ListExpectation {
  return (list) => {
    if (list.require_match && !namesState(request)) throw matchRequired(`Watch list ${list.id}`);
    requireState(request, `Watch list ${list.id}`, (tag) => isTagOfList(tag, list));
  };
}

export function watchListRoutes(deps: Dependencies): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function collectionRoutes({ database }: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/dossier-lists/',
      limited: 'all',
      access: 'viewer',
      query: pageQuery,
      operation: {
        tags,
        summary: 'Watch lists',
        responses: answers({ '200': pageOf(watchListSchema) }),
      },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listWatchLists(database, { cursor: decodeCursor(page), limit, lists: limitsOf(request) });
        response.json(presentPage(found, presentWatchList));
      },
    },
    {
      method: 'post',
      path: '/dossier-lists/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Make a watch list',
        requestBody: jsonBody(watchListCreation),
        responses: answers({ '201': watchListSchema }),
      },
      async handle(request, response) {
        const { name, comment = '', color = '', active = true, fields, instruction } = await parseBody(request, watchListCreation);
        const list = await audited(
          database,
          request,
          (tx) => createWatchList(tx, { name, comment, color, active, fields, instruction }),
          (made) => ({ action: 'list-made', object: objectOf(made), change: listChangeOf(null, made) }),
        );
        send(response.status(201).location(`/dossier-lists/${list.id}/`), list);
      },
    },
  ];
}

function itemRoutes({ database, configuration }: Dependencies): Route[] {
  return [
    {
      method: 'get',
      path: '/dossier-lists/:id/',
      limited: 'list',
      access: 'viewer',
      operation: { tags, summary: 'A watch list', responses: answers({ '200': watchListSchema }) },
      async handle(request, response) {
        send(response, await readWatchList(database, pathId(request, what)));
      },
    },
    {
      method: 'patch',
      path: '/dossier-lists/:id/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Change a watch list',
        description:
          "`log_reads` keeps who looks at its dossiers (`/reads/`), `require_match` refuses changes without `If-Match`; both of a replica, too, of which nothing else can be changed. `fields` declares the fields of its dossiers; `misfits` in the answer counts those whose values don't fit. They stay as they are.",
        requestParams: ifMatch,
        requestBody: jsonBody(watchListChange),
        responses: answers({ '200': watchListSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const change = await parseBody(request, watchListChange);
        const { list } = await audited(
          database,
          request,
          (tx) => updateWatchList(tx, id, change, expected(request)),
          (changed) => ({ action: 'list-changed', object: objectOf(changed.list), details: detailsOf(change), change: changed.change }),
        );
        if (change.fields === undefined) send(response, list);
        else response.set('ETag', watchListTag(list)).json({ ...presentWatchList(list), misfits: await countMisfits(database, id) });
      },
    },
    misfitsRoute({ database }),
    {
      method: 'delete',
      path: '/dossier-lists/:id/',
      access: 'admin',
      operation: { tags, summary: 'Delete an empty watch list', requestParams: ifMatch, responses: answers({ '204': null }) },
      async handle(request, response) {
        await audited(
          database,
          request,
          (tx) => deleteWatchList(tx, pathId(request, what), expected(request)),
          (deleted) => ({ action: 'list-deleted', object: objectOf(deleted), change: listChangeOf(deleted, null) }),
        );
        response.status(204).end();
      },
    },
    purgeRoute({ database, configuration }),
  ];
}

function purgeRoute({ database, configuration }: Dependencies): Route {
  return {
    method: 'post',
    path: '/dossier-lists/:id/purge/',
    access: 'admin',
    operation: { tags, summary: 'Remove all dossiers from a watch list', requestParams: ifMatch, responses: answersDeleted },
    async handle(request, response) {
      const binnedBy = configuration.binDays > 0 ? identityOf(request).user.name : null;
      const { deletion } = await withReserve(database, () =>
        audited(
          database,
          request,
          (tx) => purgeWatchList(tx, pathId(request, what), { binnedBy, expect: expected(request) }),
          ({ list }) => ({ action: 'list-purged', object: objectOf(list), details: { dossiers: list.dossier_count } }),
        ),
      );
      sendDeleted(response, deletion);
    },
  };
}

function misfitsRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'get',
    path: '/dossier-lists/:id/misfits/',
    limited: 'list',
    access: 'operator',
    operation: {
      tags,
      summary: "How many dossiers have values that don't fit what the list declares, and of which fields",
      description: 'Looks at every dossier of the list. `examples` are ids, at most 20 of each field.',
      responses: answers({ '200': misfitsSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      await requireShown(database, [id]);
      response.json(await countMisfits(database, id));
    },
  };
}
