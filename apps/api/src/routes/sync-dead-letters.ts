import type { Request } from 'express';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { deadLetterCountSchema, deadLetterSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { discardDeadLetter, discardDeadLetters, findDeadLetter, listDeadLetters } from '@dossier/replication/dead-letters.ts';
import type { DeadLetterRow } from '@dossier/replication/dead-letters.ts';
import { requestRun } from '@dossier/replication/runs.ts';
import type { RunRequest } from '@dossier/replication/runs.ts';
import { audited } from '../audited.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import { parseQuery, pathId } from '../parse.ts';
import { presentDeadLetter, presentRun } from '../presenters/sync.ts';
import { answers } from '../route.ts';
import { identityOf } from '../session.ts';
import type { Route } from '../route.ts';
import { shown } from '../shown.ts';
import type { SyncDependencies } from './sync.ts';
import { forgetDeadLetter, remindOfRun } from './sync-reminders.ts';
import { beingCancelled } from './sync-runs.ts';

const tags = ['Replication'];
const what = 'such dead letter';

export function syncDeadLetterRoutes(deps: SyncDependencies): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function collectionRoutes(deps: SyncDependencies): Route[] {
  const { database } = deps;
  return [
    {
      method: 'get',
      path: '/sync/dead-letters/',
      access: 'viewer',
      query: pageQuery,
      operation: {
        tags,
        summary: 'What failed for good and waits for a person, newest first',
        responses: answers({ '200': pageOf(deadLetterSchema) }),
      },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listDeadLetters(database, { cursor: decodeCursor(page, newestFirst), limit });
        response.json(presentPage(found, presentDeadLetter, newestFirst));
      },
    },
    {
      method: 'post',
      path: '/sync/dead-letters/retry/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Try again all that failed',
        description: '`count`: runs that were asked for. Links that are being cancelled are left out.',
        responses: answers({ '202': deadLetterCountSchema }),
      },
      async handle(request, response) {
        response.status(202).json({ count: await retryAll(deps, request) });
      },
    },
    {
      method: 'delete',
      path: '/sync/dead-letters/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Forget all dead letters; their links stay as they are',
        responses: answers({ '200': deadLetterCountSchema }),
      },
      async handle(request, response) {
        const letters = await audited(
          database,
          request,
          (tx) => discardDeadLetters(tx),
          (ids) =>
            ids.length === 0 ? null : { action: 'dead-letter-discarded', object: { kind: 'dead-letter' }, details: { all: ids.length } },
        );
        for (const id of letters) await forgetDeadLetter(deps, id);
        response.json({ count: letters.length });
      },
    },
  ];
}

function itemRoutes(deps: SyncDependencies): Route[] {
  const { database } = deps;
  return [
    {
      method: 'post',
      path: '/sync/dead-letters/:id/retry/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Try again what failed',
        description: 'The letter goes when the run succeeds.',
        responses: answers({ '202': runSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const letter = await findDeadLetter(database, id);
        const requested = letter && (await retryLetter(deps, request, letter));
        if (!letter || !requested || requested.outcome === 'no-link') throw notFound(what);
        if (requested.outcome === 'unlinking') throw beingCancelled(letter.slave_list_id);
        response.status(202).json(await shown(database, request, presentRun(requested.run)));
      },
    },
    {
      method: 'delete',
      path: '/sync/dead-letters/:id/',
      access: 'admin',
      operation: { tags, summary: 'Forget a dead letter; its link stays as it is', responses: answers({ '204': null }) },
      async handle(request, response) {
        const id = pathId(request, what);
        const letter = await findDeadLetter(database, id);
        const gone = await audited(
          database,
          request,
          (tx) => discardDeadLetter(tx, id),
          (found) => (found && letter ? { action: 'dead-letter-discarded', ...aboutLetter(letter) } : null),
        );
        if (!gone) throw notFound(what);
        await forgetDeadLetter(deps, id);
        response.status(204).end();
      },
    },
  ];
}

function aboutLetter(letter: DeadLetterRow) {
  return {
    object: { kind: 'dead-letter', id: letter.id } as const,
    details: { slave_dossier_list: letter.slave_list_id, code: letter.code },
  };
}

/** Asks for a run of the letter's link and, if there is one, reminds the workers of it. */
async function retryLetter(deps: SyncDependencies, request: Request, letter: DeadLetterRow): Promise<RunRequest> {
  const requested = await audited(
    deps.database,
    request,
    (tx) => requestRun(tx, { slaveListId: letter.slave_list_id, reason: 'person', mode: 'auto', by: identityOf(request).user.name }),
    (asked) => (asked.outcome === 'run' ? { action: 'dead-letter-retried', ...aboutLetter(letter) } : null),
  );
  if (requested.outcome !== 'run') return requested;
  await forgetDeadLetter(deps, letter.id);
  await remindOfRun(deps, requested.link, requested.run.id);
  return requested;
}

const retriedAtOnce = 1000;

async function retryAll(deps: SyncDependencies, request: Request): Promise<number> {
  let count = 0;
  let cursor: Parameters<typeof listDeadLetters>[1]['cursor'] = null;
  do {
    const letters: Awaited<ReturnType<typeof listDeadLetters>> = await listDeadLetters(deps.database, { cursor, limit: retriedAtOnce });
    for (const letter of letters.rows) {
      const requested = await retryLetter(deps, request, letter);
      if (requested.outcome === 'run') count += 1;
    }
    cursor = letters.next;
  } while (cursor !== null);
  return count;
}
