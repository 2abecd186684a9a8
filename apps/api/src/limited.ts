import type { Request, Response } from 'express';
import { queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { badParam, notFound } from '@dossier/runtime/errors.ts';
import type { ApplicationError } from '@dossier/runtime/errors.ts';
import type { LimitedTo } from './route.ts';
import { limitsOf } from './session.ts';

/* The one place that decides what there is for a user or token that is limited to some watch lists. What is not named here is not there. */

/** NOT_FOUND for what a request asks for beyond the lists of who asks; its answer names no others. */
export async function limitRequest(
  database: Connection,
  { request, response }: { request: Request; response: Response },
  to: LimitedTo | undefined,
) {
  const lists = limitsOf(request);
  if (lists === null) return;
  const nothing = () => notFound(`anything at ${request.path.slice(0, 200)}`);
  if (to === undefined) throw nothing();
  const { id } = request.params;
  const text = typeof id === 'string' ? id : '';
  if (to === 'list' && !lists.includes(Number(text))) throw nothing();
  const [dossier = '', sha256 = ''] = text.split('-');
  if (to === 'dossier' || to === 'own dossier') await requireDossier(database, request, { dossier, own: to === 'own dossier' });
  if (to === 'photo' || to === 'own photo') await requireDossier(database, request, { dossier, sha256, own: to === 'own photo' });
  limitAnswer(response, lists);
}

/** NOT_FOUND unless one of the lists of who asks holds the dossier (and shows the photo); with `own` no other list may hold it. */
export async function requireDossier(
  database: Connection,
  request: Request,
  { dossier, sha256 = '', own }: { dossier: number | string; sha256?: string; own: boolean },
): Promise<void> {
  const lists = limitsOf(request);
  if (lists === null) return;
  const isNumber = /^[1-9]\d{0,14}$/.test(String(dossier));
  const found = isNumber
    ? await queryOne<{ held: boolean; shared: boolean }>(
        database,
        `select coalesce(bool_or(p.list_id = any(:lists::bigint[]) and (:sha256 = '' or strpos(d.photos::text, :sha256) > 0)), false) as held,
           coalesce(bool_or(p.list_id <> all(:lists::bigint[])), false) as shared
         from rows_of(:dossier) d join list_positions p on p.set_id = d.set_id`,
        { dossier: Number(dossier), lists, sha256 },
      )
    : null;
  if (found?.held !== true) throw notFound(`dossier ${dossier}`);
  if (own && found.shared) throw notAlone(dossier);
}

/** BAD_PARAM for lists that who asks doesn't have, as for those that there aren't. */
export function requireOwnLists(request: Request, lists: readonly number[] | undefined): void {
  const limits = limitsOf(request);
  const other = limits === null ? undefined : lists?.find((list) => !limits.includes(list));
  if (other !== undefined) throw badParam('dossier_lists', `dossier_lists: there is no watch list ${other}.`);
}

/** NOT_FOUND where another list holds a dossier than those of who asks: said once more of a dossier whose lists are locked. */
export function requireNoOther(request: Request, { id, lists }: { id: number; lists: readonly number[] }): void {
  const limits = limitsOf(request);
  if (limits !== null && lists.some((list) => !limits.includes(list))) throw notAlone(id);
}

function notAlone(dossier: number | string): ApplicationError {
  return notFound(`dossier ${dossier} that is in your watch lists alone`);
}

/** Lets an answer name no other lists of a dossier than these. */
function limitAnswer(response: Response, lists: readonly number[]): void {
  const send = response.json.bind(response);
  response.json = (body: unknown) => send(limitValue(body, lists));
}

function limitValue(value: unknown, lists: readonly number[]): unknown {
  if (Array.isArray(value)) return value.map((item) => limitValue(item, lists));
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === 'dossier_lists' && Array.isArray(item)
        ? item.filter((list) => lists.includes(Number(list)))
        : key === 'meta'
          ? item
          : limitValue(item, lists),
    ]),
  );
}
