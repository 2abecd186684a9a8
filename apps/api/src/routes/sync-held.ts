import { once } from 'node:events';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { heldDecisionRequest, heldPageSchema } from '@dossier/protocol/held.ts';
import type { HeldDifference } from '@dossier/protocol/held.ts';
import { heldQuery } from '@dossier/protocol/queries.ts';
import { linkSchema, runSchema } from '@dossier/protocol/sync.ts';
import { looseBoolean } from '@dossier/protocol/values.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { recordFormerReads, recordListReads } from '@dossier/accounts/reads.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { decideHold } from '@dossier/replication/hold-decisions.ts';
import type { HoldDecision } from '@dossier/replication/hold-decisions.ts';
import { listHeldDossiers, readLostLines } from '@dossier/replication/holds.ts';
import type { HoldRow } from '@dossier/replication/holds.ts';
import { findLink } from '@dossier/replication/links.ts';
import { findRun, findUnfinishedRun } from '@dossier/replication/runs.ts';
import { requestUndo } from '@dossier/replication/undo.ts';
import type { UndoRequest } from '@dossier/replication/undo.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { originOf, presentValues } from '../presenters/history.ts';
import { presentHold, presentLink, presentRun } from '../presenters/sync.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';
import { shown } from '../shown.ts';
import { begin } from './export.ts';
import type { SyncDependencies } from './sync.ts';
import { remindOfRun } from './sync-reminders.ts';
import { beingCancelled } from './sync-runs.ts';

const tags = ['Replication'];
const what = 'such link';
const byOrdinal: CursorOrder = { ordering: 'held', column: 'id' };
const lostQuery = z.object({ photos: looseBoolean.default(false) });
const linesAtOnce = 1000;

/** What guards hold until a person decides, and how the last sync is taken back. */
export function syncHeldRoutes(deps: SyncDependencies): Route[] {
  return [heldRoute(deps), lostRoute(deps), approveRoute(deps), rejectRoute(deps), undoRoute(deps)];
}

function heldRoute({ database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/held/',
    limited: 'list',
    access: 'viewer',
    query: heldQuery,
    operation: {
      tags,
      summary: 'What a held sync would do, with the names, and of the first 200 of each kind from what to what',
      description: 'First what would go, then what would be made inactive, changed and added. 404 if nothing is held.',
      responses: answers({ '200': heldPageSchema }),
    },
    async handle(request, response) {
      const { limit, page, kind = null } = parseQuery(request, heldQuery);
      const held = await requireHeld(database, pathId(request, what));
      const found = await listHeldDossiers(database, { holdId: held.id, kind }, { cursor: decodeCursor(page, byOrdinal), limit });
      const dossiers = [...found.rows, ...held.examples].map((row) => row.dossier);
      await recordFormerReads(database, actorOf(request), { kind: 'page', dossiers, list: held.slave_list_id });
      const thumbnails = `${originOf(request)}/sync/dossier-lists/${held.slave_list_id}/held/thumbnails`;
      const present = ({ ordinal: _ordinal, before, after, ...dossier }: (typeof found.rows)[number]): HeldDifference => ({
        ...dossier,
        before: presentValues(before, thumbnails),
        after: presentValues(after, thumbnails),
      });
      response.json({ ...presentHold(held), ...presentPage(found, present, byOrdinal) });
    },
  };
}

function lostRoute({ configuration, database }: SyncDependencies): Route {
  return {
    method: 'get',
    path: '/sync/dossier-lists/:id/held/lost/',
    limited: 'list',
    access: 'viewer',
    bulk: true,
    query: lostQuery,
    operation: {
      tags,
      summary: 'Dossiers that this replica holds and its master lost, as an import file',
      description:
        'NDJSON for "dossier import" on the master. With `photos=true` the lines name the photos by their paths below MEDIA_ROOT of this node, for "--photos".',
      responses: {
        ...answers({}),
        '200': { description: 'One dossier a line', content: { 'application/x-ndjson': { schema: z.string() } } },
      },
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { photos } = parseQuery(request, lostQuery);
      const held = await requireHeld(database, id);
      await recordAudit(database, actorOf(request), {
        action: 'lost-exported',
        object: { kind: 'link', id },
        details: { run: held.run_id, dossiers: held.removing },
      });
      await recordListReads(database, actorOf(request), { kind: 'export', lists: [id] });
      begin(response, { node: configuration.nodeName, name: `lost-of-list-${id}`, format: 'jsonl' });
      await sendLost(response, database, { holdId: held.id, photos });
    },
  };
}

async function sendLost(response: Response, database: Database, of: { holdId: number; photos: boolean }): Promise<void> {
  let after = 0;
  while (!response.destroyed) {
    const lines = await readLostLines(database, { ...of, after, limit: linesAtOnce });
    const last = lines.at(-1);
    if (!last) break;
    after = last.ordinal;
    const flows = response.write(lines.map(({ line }) => `${line}\n`).join(''));
    if (!flows) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}

function approveRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/dossier-lists/:id/held/approve/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Let exactly this difference be applied, once',
      description:
        'The run applies it and no other: if the list has changed since, here or on the master, the run is held anew. 409 for a difference that is not held, was decided or has expired. Where that takes two persons (GUARD_PERSONS), the first one is answered with 200 and the link, and nothing is applied yet.',
      requestBody: jsonBody(heldDecisionRequest),
      responses: answers({ '200': linkSchema, '202': runSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { difference } = await parseBody(request, heldDecisionRequest);
      const decided = await decide(deps, request, { slaveListId: id, difference, decision: 'approved' });
      if (decided.outcome === 'approved-first') {
        response.json(await readLink(deps.database, request, id));
        return;
      }
      if (decided.outcome !== 'approved') throw undecided(id, decided);
      const [link, run] = [await findLink(deps.database, id), await findRun(deps.database, decided.runId)];
      if (!link || !run) throw notFound(what);
      await remindOfRun(deps, link, run.id);
      response
        .status(202)
        .location(`/sync/dossier-lists/${id}/runs/`)
        .json(await shown(deps.database, request, presentRun(run)));
    },
  };
}

function rejectRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/dossier-lists/:id/held/reject/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Keep the list as it is until the master changes its own',
      requestBody: jsonBody(heldDecisionRequest),
      responses: answers({ '200': linkSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { difference } = await parseBody(request, heldDecisionRequest);
      const decided = await decide(deps, request, { slaveListId: id, difference, decision: 'rejected' });
      if (decided.outcome !== 'rejected') throw undecided(id, decided);
      response.json(await readLink(deps.database, request, id));
    },
  };
}

function undoRoute(deps: SyncDependencies): Route {
  return {
    method: 'post',
    path: '/sync/dossier-lists/:id/undo/',
    access: 'admin',
    operation: {
      tags,
      summary: 'Take back the last sync that was applied',
      description:
        "The list becomes what it was, and what was taken back is held until the master's list changes or somebody approves it. 409 where there is nothing to take back: the link's `undo` is null then.",
      responses: answers({ '202': runSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const by = identityOf(request).user.name;
      const asked = await audited(
        deps.database,
        request,
        (tx) => requestUndo(tx, { slaveListId: id, by }),
        (found) => (found.outcome === 'run' ? { action: 'undone', object: { kind: 'link', id }, details: { run: found.runId } } : null),
      );
      if (asked.outcome !== 'run') throw notUndone(id, asked.outcome);
      const run = await findRun(deps.database, asked.runId);
      if (!run) throw notFound(what);
      await remindOfRun(deps, asked.link, run.id);
      response
        .status(202)
        .location(`/sync/dossier-lists/${id}/runs/`)
        .json(await shown(deps.database, request, presentRun(run)));
    },
  };
}

function notUndone(id: number, outcome: Exclude<UndoRequest['outcome'], 'run'>): ApplicationError {
  switch (outcome) {
    case 'no-link':
      return notFound(what);
    case 'unlinking':
      return beingCancelled(id);
    case 'busy':
      return new ApplicationError('CONFLICT', `A sync of watch list ${id} is under way. Nothing was changed.`, {
        remedy: 'Wait until it is over, and look at what it did first.',
      });
    default:
      return new ApplicationError('CONFLICT', `There is no sync of watch list ${id} that could be taken back. Nothing was changed.`, {
        remedy: 'Only the last applied sync can be taken back, once, while the list is what it left.',
      });
  }
}

function decide(
  { database, configuration }: SyncDependencies,
  request: Request,
  decision: { slaveListId: number; difference: string; decision: 'approved' | 'rejected' },
): Promise<HoldDecision> {
  const { slaveListId: id, difference } = decision;
  return audited(
    database,
    request,
    (tx) => decideHold(tx, { ...decision, by: identityOf(request).user.name, persons: configuration.guardPersons }),
    ({ outcome }) =>
      outcome === 'approved' || outcome === 'approved-first' || outcome === 'rejected'
        ? { action: `held-${outcome}`, object: { kind: 'link', id }, details: { difference } }
        : null,
  );
}

/** Why an approval or a rejection came to nothing. */
function undecided(id: number, decided: HoldDecision): ApplicationError {
  const again = 'Look at what is held now: GET /sync/dossier-lists/{id}/held/, or "dossier held".';
  switch (decided.outcome) {
    case 'no-link':
      return notFound(what);
    case 'unlinking':
      return beingCancelled(id);
    case 'expired':
      return new ApplicationError('CONFLICT', `What was held for watch list ${id} has waited for too long. Nothing was changed.`, {
        param: 'difference',
        remedy: 'Sync the list: it is judged and asked anew.',
      });
    case 'superseded':
      return new ApplicationError('CONFLICT', `Another difference is held for watch list ${id} now. Nothing was changed.`, {
        param: 'difference',
        remedy: again,
      });
    case 'decided-before':
      return new ApplicationError(
        'CONFLICT',
        `${decided.hold.decided_by} has ${decided.hold.state} this already; a difference is decided once. Nothing was changed.`,
        { param: 'difference', remedy: decided.hold.state === 'rejected' ? 'Sync the list: it is asked anew.' : again },
      );
    case 'same-person':
      return new ApplicationError(
        'CONFLICT',
        `You have approved this for watch list ${id} already, and it takes two persons. Nothing was applied.`,
        {
          param: 'difference',
          remedy: 'Ask another administrator to approve it, too.',
        },
      );
    default:
      return new ApplicationError('CONFLICT', `Nothing is held for watch list ${id}.`, { param: 'difference' });
  }
}

async function requireHeld(database: Database, id: number): Promise<HoldRow> {
  const link = await findLink(database, id);
  if (!link) throw notFound(what);
  if (!link.held) throw notFound('held sync of this list');
  return link.held;
}

/** A link as it is now, for who asks for it. */
export async function readLink(database: Database, request: Request, id: number): Promise<ReturnType<typeof presentLink>> {
  const [link, run] = await Promise.all([findLink(database, id), findUnfinishedRun(database, id)]);
  if (!link) throw notFound(what);
  return shown(database, request, presentLink(link, run));
}
