import { dossierChange, dossierCreation, dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { dossierQuery } from '@dossier/protocol/queries.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { recordListReads, recordReads } from '@dossier/accounts/reads.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { createDossier, updateDossier } from '@dossier/registry/dossier-changes.ts';
import type { Expectation, WrittenDossier } from '@dossier/registry/dossier-changes.ts';
import { deleteDossier, deleteOffline } from '@dossier/registry/dossier-deletions.ts';
import type { DossierOrdering } from '@dossier/registry/dossier-pages.ts';
import { isMatchRequired, listDossiers, readDossier } from '@dossier/registry/dossiers.ts';
import type { DossierRow } from '@dossier/registry/dossiers.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import { answersDeleted, sendDeleted } from '../deleted.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { filterOf } from '../dossier-filter.ts';
import type { Request, Response } from 'express';
import { ifMatch, matchRequired, namesState, requireState } from '../if-match.ts';
import { requireNoOther, requireOwnLists } from '../limited.ts';
import { namedLists, parseBody, parseQuery, pathId } from '../parse.ts';
import { dossierTag, presentDossier } from '../present.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { createSearch } from '../search.ts';
import { actorOf, identityOf, limitsOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'probeMaster' | 'configuration'>;

const tags = ['Dossiers'];
const what = 'such dossier';

const columns: Record<DossierOrdering, CursorOrder['column']> = { id: 'id', name: 'text', created_date: 'date', modified_date: 'date' };

export function objectOf({ id, uuid, name }: DossierRow) {
  return { kind: 'dossier', id, uuid, name } as const;
}

/** Answers with a dossier and its entity tag (RFC 9110 §8.8.3), which `If-Match` names when it is changed. */
export function sendDossier(response: Response, dossier: DossierRow): void {
  response.set('ETag', dossierTag(dossier)).json(presentDossier(dossier));
}

/** Refuses a change of a dossier that is another than the one that the request names. */
export function expected(request: Request): Expectation {
  return (dossier) => {
    requireNoOther(request, dossier);
    requireState(request, `Dossier ${dossier.id}`, (tag) => tag === dossierTag(dossier));
  };
}

/** Refuses a change that names no state of a dossier of which a list demands that. */
export async function requireNamedState(tx: Database, request: Request, id: number): Promise<void> {
  if (!namesState(request) && (await isMatchRequired(tx, id))) throw matchRequired(`Dossier ${id}`);
}

/** What is left to know of a dossier that is gone. */
function aboutDeleted({ dossier, change }: WrittenDossier) {
  return { object: objectOf(dossier), details: { dossier_lists: dossier.lists, external_id: dossier.external_id }, change };
}

/** Of a dossier of another node's: its master may take it back, and what the audit says stays. The name stands in the history, which can be erased. */
function aboutReplica({ dossier: { id, uuid, lists }, change }: WrittenDossier) {
  return { object: { kind: 'dossier', id, uuid }, details: { dossier_lists: lists }, change } as const;
}

export function dossierRoutes(deps: Dependencies): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function collectionRoutes({ database }: Dependencies): Route[] {
  const answerSearch = createSearch(database);
  return [
    {
      method: 'get',
      path: '/dossiers/',
      limited: 'narrowed',
      access: 'viewer',
      query: dossierQuery,
      operation: {
        tags,
        summary: 'Dossiers',
        responses: answers({ '200': dossierPageSchema }),
      },
      async handle(request, response) {
        const { ordering: asked, ...query } = parseQuery(request, dossierQuery);
        await requireShown(database, namedLists(request, query.dossier_lists));
        if (query.q !== undefined && query.q.trim() !== '') {
          if (asked !== undefined) throw badParam('ordering', 'ordering: what is found by q comes by how well it fits.');
          response.json(await answerSearch(request, { ...query, text: query.q, filter: filterOf(query) }));
          return;
        }
        const named = asked ?? 'id';
        const ordering = named.replace('-', '') as DossierOrdering;
        const order: CursorOrder = { ordering: named, column: columns[ordering], byList: true };
        const found = await listDossiers(database, {
          cursor: decodeCursor(query.page, order),
          limit: query.limit,
          ordering,
          descending: named.startsWith('-'),
          filter: filterOf(query),
        });
        await recordReads(database, actorOf(request), { kind: 'page', dossiers: found.rows.map(({ id }) => id) });
        response.json(presentPage(found, presentDossier, order));
      },
    },
    creationRoute(database),
  ];
}

function creationRoute(database: Database): Route {
  return {
    method: 'post',
    path: '/dossiers/',
    limited: 'all',
    access: 'operator',
    operation: { tags, summary: 'Make a dossier', requestBody: jsonBody(dossierCreation), responses: answers({ '201': dossierSchema }) },
    async handle(request, response) {
      const body = await parseBody(request, dossierCreation);
      requireOwnLists(request, body.dossier_lists);
      const content = {
        name: body.name,
        comment: body.comment ?? '',
        active: body.active ?? true,
        valid_from: body.valid_from ?? null,
        valid_until: body.valid_until ?? null,
        meta: body.meta ?? {},
        external_id: body.external_id ?? null,
        lists: body.dossier_lists,
      };
      const { dossier } = await audited(
        database,
        request,
        (tx) => createDossier(tx, content),
        ({ dossier: made, change }) => ({
          action: 'dossier-made',
          object: objectOf(made),
          details: { dossier_lists: made.lists },
          change,
        }),
      );
      sendDossier(response.status(201).location(`/dossiers/${dossier.id}/`), dossier);
    },
  };
}

function itemRoutes(deps: Dependencies): Route[] {
  const { database } = deps;
  return [
    {
      method: 'get',
      path: '/dossiers/:id/',
      limited: 'dossier',
      access: 'viewer',
      operation: { tags, summary: 'A dossier', responses: answers({ '200': dossierSchema }) },
      async handle(request, response) {
        const dossier = await readDossier(database, pathId(request, what), limitsOf(request));
        await recordReads(database, actorOf(request), { kind: 'dossier', dossiers: [dossier.id] });
        sendDossier(response, dossier);
      },
    },
    changeRoute(database),
    {
      method: 'delete',
      path: '/dossiers/:id/',
      limited: 'own dossier',
      access: 'operator',
      operation: {
        tags,
        summary: 'Delete a dossier',
        requestParams: ifMatch,
        description: 'On a slave only a dossier of a replica, and only while its master is away; the next sync settles it.',
        responses: answersDeleted,
      },
      async handle(request, response) {
        sendDeleted(response, await withReserve(deps.database, () => removeDossier(deps, request)));
      },
    },
  ];
}

function changeRoute(database: Database): Route {
  return {
    method: 'patch',
    path: '/dossiers/:id/',
    limited: 'own dossier',
    access: 'operator',
    operation: {
      tags,
      summary: 'Change a dossier',
      requestParams: ifMatch,
      requestBody: jsonBody(dossierChange),
      responses: answers({ '200': dossierSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { dossier_lists: lists, ...fields } = await parseBody(request, dossierChange);
      requireOwnLists(request, lists);
      const { dossier } = await audited(
        database,
        request,
        async (tx) => {
          await requireNamedState(tx, request, id);
          const former: number[] = [];
          const expect: Expectation = (found) => {
            expected(request)(found);
            former.push(...found.lists);
          };
          const written = await updateDossier(tx, id, { ...fields, lists }, expect);
          // The answer shows what the lists had that it has left, too.
          const shownOf = [...former, ...written.dossier.lists];
          await recordListReads(tx, actorOf(request), { kind: 'dossier', lists: shownOf, dossiers: [written.dossier.uuid] });
          return written;
        },
        ({ dossier: changed, change }) => ({
          action: 'dossier-changed',
          object: objectOf(changed),
          details: { fields: [...Object.keys(fields), ...(lists ? ['dossier_lists'] : [])], dossier_lists: changed.lists },
          change,
        }),
      );
      sendDossier(response, dossier);
    },
  };
}

const maximumProbes = 4;

/** Deletes a dossier; where it is a replica, only after every master that it comes from was found to be away. Returns the deletion in the bin, if there is one. */
async function removeDossier({ database, probeMaster, configuration }: Dependencies, request: Request): Promise<number | null> {
  const id = pathId(request, what);
  const deletedBy = identityOf(request).user.name;
  await requireNamedState(database, request, id);
  const unavailableMasters: string[] = [];
  // Links may change between the probe and the deletion: then the new ones are probed, too.
  for (let probes = 0; probes < maximumProbes; probes += 1) {
    const found = await audited(
      database,
      request,
      (tx) => deleteOffline(tx, { id, deletedBy, unavailableMasters, expect: expected(request) }),
      (outcome) => (outcome.outcome === 'deleted' ? { action: 'dossier-deleted-offline', ...aboutReplica(outcome) } : null),
    );
    if (found.outcome === 'deleted') return null;
    if (found.outcome === 'no slave') {
      const { deletion } = await audited(
        database,
        request,
        (tx) => deleteDossier(tx, id, { binnedBy: configuration.binDays > 0 ? deletedBy : null, expect: expected(request) }),
        (deleted) => ({ action: 'dossier-deleted', ...aboutDeleted(deleted) }),
      );
      return deletion;
    }
    const verdicts = await Promise.all(found.masters.map(async (master) => ({ master, verdict: await probeMaster(master) })));
    const available = verdicts.filter(({ verdict }) => verdict === 'available').map(({ master }) => master);
    if (available.length > 0) {
      throw new ApplicationError('MASTER_AVAILABLE', `The dossier is a replica, and its master ${available.join(', ')} is available.`, {
        remedy: 'Delete it there: the deletion arrives with the next sync.',
      });
    }
    unavailableMasters.push(...found.masters);
  }
  throw new ApplicationError('CONFLICT', 'The links of this node are being changed. Nothing was deleted; try again.');
}
