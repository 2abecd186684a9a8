import type { z } from 'zod';
import { dossierChange, dossierCreation, dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { dossierQuery } from '@dossier/protocol/queries.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { recordReads } from '@dossier/accounts/reads.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { createDossier, updateDossier } from '@dossier/registry/dossier-changes.ts';
import type { Expectation, WrittenDossier } from '@dossier/registry/dossier-changes.ts';
import { deleteDossier, deleteOffline } from '@dossier/registry/dossier-deletions.ts';
import type { DossierFilter, DossierOrdering } from '@dossier/registry/dossier-pages.ts';
import { isMatchRequired, listDossiers, readDossier } from '@dossier/registry/dossiers.ts';
import type { DossierRow } from '@dossier/registry/dossiers.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Request, Response } from 'express';
import { ifMatch, matchRequired, namesState, requireState } from '../if-match.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { dossierTag, presentDossier } from '../present.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { createSearch } from '../search.ts';
import { actorOf, identityOf } from '../session.ts';

const tags = ['Dossiers'];
const what = 'such dossier';

const columns: Record<DossierOrdering, CursorOrder['column']> = { id: 'id', name: 'text', created_date: 'date', modified_date: 'date' };

function objectOf({ id, uuid, name }: DossierRow) {
  return { kind: 'dossier', id, uuid, name } as const;
}

/** Answers with a dossier and its entity tag (RFC 9110 §8.8.3), which `If-Match` names when it is changed. */
function send(response: Response, dossier: DossierRow): void {
  response.set('ETag', dossierTag(dossier)).json(presentDossier(dossier));
}

/** Refuses a change of a dossier that is another than the one that the request names. */
function expected(request: Request): Expectation {
  return (dossier) => requireState(request, `Dossier ${dossier.id}`, (tag) => tag === dossierTag(dossier));
}

/** Refuses a change that names no state of a dossier of which a list demands that. */
async function requireNamedState(tx: Database, request: Request, id: number): Promise<void> {
  if (!namesState(request) && (await isMatchRequired(tx, id))) throw matchRequired(`Dossier ${id}`);
}

/** What is left to know of a dossier that is gone. */
function aboutDeleted({ dossier, change }: WrittenDossier) {
  return { object: objectOf(dossier), details: { dossier_lists: dossier.lists, external_id: dossier.external_id }, change };
}

export function dossierRoutes(deps: Pick<ApiDependencies, 'database' | 'probeMaster'>): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function filterOf(query: Omit<z.output<typeof dossierQuery>, 'ordering'>): DossierFilter {
  return {
    lists: query.dossier_lists,
    nameContains: query.name_contains === '' ? undefined : query.name_contains,
    active: query.active,
    externalId: query.external_id,
    validNow: query.valid === 'now',
  };
}

function collectionRoutes({ database }: Pick<ApiDependencies, 'database' | 'probeMaster'>): Route[] {
  const answerSearch = createSearch(database);
  return [
    {
      method: 'get',
      path: '/dossiers/',
      access: 'viewer',
      query: dossierQuery,
      operation: {
        tags,
        summary: 'Dossiers',
        responses: answers({ '200': dossierPageSchema }),
      },
      async handle(request, response) {
        const { ordering: asked, ...query } = parseQuery(request, dossierQuery);
        await requireShown(database, query.dossier_lists);
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
    {
      method: 'post',
      path: '/dossiers/',
      access: 'operator',
      operation: { tags, summary: 'Make a dossier', requestBody: jsonBody(dossierCreation), responses: answers({ '201': dossierSchema }) },
      async handle(request, response) {
        const body = await parseBody(request, dossierCreation);
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
        send(response.status(201).location(`/dossiers/${dossier.id}/`), dossier);
      },
    },
  ];
}

function itemRoutes(deps: Pick<ApiDependencies, 'database' | 'probeMaster'>): Route[] {
  const { database } = deps;
  return [
    {
      method: 'get',
      path: '/dossiers/:id/',
      access: 'viewer',
      operation: { tags, summary: 'A dossier', responses: answers({ '200': dossierSchema }) },
      async handle(request, response) {
        const dossier = await readDossier(database, pathId(request, what));
        await recordReads(database, actorOf(request), { kind: 'dossier', dossiers: [dossier.id] });
        send(response, dossier);
      },
    },
    {
      method: 'patch',
      path: '/dossiers/:id/',
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
        const { dossier } = await audited(
          database,
          request,
          async (tx) => {
            await requireNamedState(tx, request, id);
            return updateDossier(tx, id, { ...fields, lists }, expected(request));
          },
          ({ dossier: changed, change }) => ({
            action: 'dossier-changed',
            object: objectOf(changed),
            details: { fields: [...Object.keys(fields), ...(lists ? ['dossier_lists'] : [])], dossier_lists: changed.lists },
            change,
          }),
        );
        send(response, dossier);
      },
    },
    {
      method: 'delete',
      path: '/dossiers/:id/',
      access: 'operator',
      operation: {
        tags,
        summary: 'Delete a dossier',
        requestParams: ifMatch,
        description: 'On a slave only a dossier of a replica, and only while its master is away; the next sync settles it.',
        responses: answers({ '204': null }),
      },
      async handle(request, response) {
        await removeDossier(deps, request);
        response.status(204).end();
      },
    },
  ];
}

const maximumProbes = 4;

/** Deletes a dossier; where it is a replica, only after every master that it comes from was found to be away. */
async function removeDossier(
  { database, probeMaster }: Pick<ApiDependencies, 'database' | 'probeMaster'>,
  request: Request,
): Promise<void> {
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
      (outcome) => (outcome.outcome === 'deleted' ? { action: 'dossier-deleted-offline', ...aboutDeleted(outcome) } : null),
    );
    if (found.outcome === 'deleted') return;
    if (found.outcome === 'no slave') {
      await audited(
        database,
        request,
        (tx) => deleteDossier(tx, id, expected(request)),
        (deleted) => ({ action: 'dossier-deleted', ...aboutDeleted(deleted) }),
      );
      return;
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
