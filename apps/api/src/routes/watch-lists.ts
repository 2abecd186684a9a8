import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListChange, watchListCreation, watchListSchema } from '@dossier/protocol/watch-list.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import {
  createWatchList,
  deleteWatchList,
  listWatchLists,
  purgeWatchList,
  readWatchList,
  updateWatchList,
} from '@dossier/registry/watch-lists.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { WatchListRow } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentWatchList } from '../present.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';

const tags = ['Watch lists'];
const what = 'such watch list';

function objectOf({ id, uuid, name }: WatchListRow) {
  return { kind: 'watch-list', id, uuid, name } as const;
}

export function watchListRoutes(deps: Pick<ApiDependencies, 'database'>): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function collectionRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/dossier-lists/',
      access: 'viewer',
      query: pageQuery,
      operation: {
        tags,
        summary: 'Watch lists',
        responses: answers({ '200': pageOf(watchListSchema) }),
      },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listWatchLists(database, { cursor: decodeCursor(page), limit });
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
        const { name, comment = '', color = '', active = true } = await parseBody(request, watchListCreation);
        const list = await audited(
          database,
          request,
          (tx) => createWatchList(tx, { name, comment, color, active }),
          (made) => ({ action: 'list-made', object: objectOf(made) }),
        );
        response.status(201).location(`/dossier-lists/${list.id}/`).json(presentWatchList(list));
      },
    },
  ];
}

function itemRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/dossier-lists/:id/',
      access: 'viewer',
      operation: { tags, summary: 'A watch list', responses: answers({ '200': watchListSchema }) },
      async handle(request, response) {
        response.json(presentWatchList(await readWatchList(database, pathId(request, what))));
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
          '`log_reads` keeps who looks at its dossiers (`/reads/`), of a replica, too; nothing else of a replica can be changed.',
        requestBody: jsonBody(watchListChange),
        responses: answers({ '200': watchListSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const change = await parseBody(request, watchListChange);
        const list = await audited(
          database,
          request,
          (tx) => updateWatchList(tx, id, change),
          (changed) => ({ action: 'list-changed', object: objectOf(changed), details: { ...change } }),
        );
        response.json(presentWatchList(list));
      },
    },
    {
      method: 'delete',
      path: '/dossier-lists/:id/',
      access: 'admin',
      operation: { tags, summary: 'Delete an empty watch list', responses: answers({ '204': null }) },
      async handle(request, response) {
        await audited(
          database,
          request,
          (tx) => deleteWatchList(tx, pathId(request, what)),
          (deleted) => ({ action: 'list-deleted', object: objectOf(deleted) }),
        );
        response.status(204).end();
      },
    },
    {
      method: 'post',
      path: '/dossier-lists/:id/purge/',
      access: 'admin',
      operation: { tags, summary: 'Remove all dossiers from a watch list', responses: answers({ '204': null }) },
      async handle(request, response) {
        await withReserve(database, () =>
          audited(
            database,
            request,
            (tx) => purgeWatchList(tx, pathId(request, what)),
            (list) => ({ action: 'list-purged', object: objectOf(list), details: { dossiers: list.dossier_count } }),
          ),
        );
        response.status(204).end();
      },
    },
  ];
}
