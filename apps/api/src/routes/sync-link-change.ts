import type { Request } from 'express';
import type { z } from 'zod';
import { linkChangeRequest, linkSchema, normaliseRemoteUrl } from '@dossier/protocol/sync.ts';
import { ApplicationError, notFound } from '@dossier/runtime/errors.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { changeGuards } from '@dossier/replication/guard-changes.ts';
import type { GuardsGiven } from '@dossier/replication/guard-changes.ts';
import { correctLink } from '@dossier/replication/link-corrections.ts';
import type { LinkCorrection, LinkCorrectionOutcome } from '@dossier/replication/link-corrections.ts';
import type { LinkRow } from '@dossier/replication/links.ts';
import { audited } from '../audited.ts';
import { parseBody, pathId } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf } from '../session.ts';
import type { SyncDependencies } from './sync.ts';
import { readLink } from './sync-held.ts';
import { requireAllowedMaster, requireIntroduction } from './sync-masters.ts';
import { remindOfRun } from './sync-reminders.ts';
import { beingCancelled } from './sync-runs.ts';

const what = 'such link';

type LinkChange = z.output<typeof linkChangeRequest>;

/** Guards of a link, and where it leads. */
export function syncLinkChangeRoutes(deps: SyncDependencies): Route[] {
  return [
    {
      method: 'patch',
      path: '/sync/dossier-lists/:id/',
      access: 'admin',
      operation: {
        tags: ['Replication'],
        summary: 'Correct where a link leads, or set its guards',
        description:
          'What is left out stays. A link with another `remote_url` or `remote_dossier_list` is synced from there at once; node and list that it followed so far have to answer there, otherwise it is held or fails. 409 for another list once the link was synced: cancel it and link anew. Of guards, null switches one off and 0 lets nothing pass without a person; what is held already is judged anew by the next sync. Where that takes two persons (GUARD_PERSONS), looser guards are shown as `proposed_guards` until another administrator asks for the same.',
        requestBody: jsonBody(linkChangeRequest),
        responses: answers({ '200': linkSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const change = await parseBody(request, linkChangeRequest);
        const correction = await correctionOf(deps, { id, by: identityOf(request).user.name }, change);
        const corrected = await transaction(deps.database, async (tx) => {
          const made = correction && (await correct(tx, request, correction));
          if (change.guards) await setGuards({ ...deps, database: tx }, request, { id, guards: change.guards });
          return made;
        });
        if (corrected?.outcome === 'corrected') await remindOfRun(deps, corrected.link, corrected.runId);
        response.json(await readLink(deps.database, request, id));
      },
    },
  ];
}

/** The correction that a change asks for, checked as a new link is; null where it asks for none. */
async function correctionOf(
  deps: SyncDependencies,
  { id, by }: { id: number; by: string },
  change: LinkChange,
): Promise<LinkCorrection | null> {
  const { remote_url: url, remote_dossier_list: remoteListId } = change;
  if (url === undefined && remoteListId === undefined) return null;
  const remoteUrl = url === undefined ? undefined : normaliseRemoteUrl(url);
  if (remoteUrl !== undefined) {
    requireAllowedMaster(deps.configuration, remoteUrl);
    await requireIntroduction(deps, remoteUrl);
  }
  return { slaveListId: id, remoteUrl, remoteListId, by };
}

async function correct(tx: Database, request: Request, correction: LinkCorrection): Promise<LinkCorrectionOutcome> {
  const id = correction.slaveListId;
  const made = await audited(
    tx,
    request,
    (same) => correctLink(same, correction),
    (found) =>
      found.outcome === 'corrected'
        ? { action: 'link-corrected', object: { kind: 'link', id }, details: { before: aimOf(found.before), after: aimOf(found.link) } }
        : null,
  );
  if (made.outcome !== 'corrected' && made.outcome !== 'unchanged') throw notCorrected(id, made.outcome);
  return made;
}

function aimOf({ remote_url, remote_list_id }: LinkRow) {
  return { remote_url, remote_dossier_list: remote_list_id };
}

function notCorrected(id: number, outcome: 'no-link' | 'unlinking' | 'followed' | 'undoing'): ApplicationError {
  switch (outcome) {
    case 'no-link':
      return notFound(what);
    case 'unlinking':
      return beingCancelled(id);
    case 'undoing':
      return new ApplicationError('CONFLICT', `The last sync of watch list ${id} is being taken back. Nothing was changed.`, {
        remedy: 'Correct the link when that is done, which takes seconds.',
      });
    default:
      return new ApplicationError(
        'CONFLICT',
        `Watch list ${id} has been synced, and a replica can not become one of another list. Nothing was changed.`,
        { param: 'remote_dossier_list', remedy: 'Cancel this replication, and link the watch list anew when that is done.' },
      );
  }
}

async function setGuards(
  { database, configuration }: SyncDependencies,
  request: Request,
  { id, guards }: { id: number; guards: GuardsGiven },
): Promise<void> {
  const by = identityOf(request).user.name;
  const made = await audited(
    database,
    request,
    (tx) => changeGuards(tx, { slaveListId: id, guards: guards, by, persons: configuration.guardPersons }),
    (found) => {
      if (found.outcome === 'no-link' || found.outcome === 'repeated') return null;
      const action = found.outcome === 'proposed' ? 'guards-proposed' : 'guards-changed';
      const proposer = found.outcome === 'confirmed' ? { proposed_by: found.proposal.by } : {};
      return { action, object: { kind: 'link', id }, details: { guards, ...proposer } };
    },
  );
  if (made.outcome === 'no-link') throw notFound(what);
  if (made.outcome !== 'repeated') return;
  throw new ApplicationError(
    'CONFLICT',
    `You have proposed these guards for watch list ${id} already, and it takes two persons. Nothing was changed.`,
    {
      param: 'guards',
      remedy: 'Ask another administrator to confirm them: by the same request, or in the dialog of the guards.',
    },
  );
}
