import { pageQuery } from '@dossier/protocol/queries.ts';
import { deadLetterSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { discardDeadLetter, findDeadLetter, listDeadLetters } from '@dossier/store/dead-letters.ts';
import { requestRun } from '@dossier/store/runs.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import { parseQuery, pathId } from '../parse.ts';
import { presentDeadLetter, presentRun } from '../presenters/sync.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import type { SyncDependencies } from './sync.ts';
import { forgetDeadLetter, remindOfRun } from './sync-reminders.ts';
import { beingCancelled } from './sync-runs.ts';

const tags = ['Replication'];
const what = 'such dead letter';

export function syncDeadLetterRoutes(deps: SyncDependencies): Route[] {
  const { database } = deps;
  return [
    {
      method: 'get',
      path: '/sync/dead-letters/',
      access: 'viewer',
      operation: {
        tags,
        summary: 'What failed for good and waits for a person, newest first',
        requestParams: { query: pageQuery },
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
        const requested = letter && (await requestRun(database, { slaveListId: letter.slave_list_id, mode: 'auto' }));
        if (!letter || !requested || requested.outcome === 'no-link') throw notFound(what);
        if (requested.outcome === 'unlinking') throw beingCancelled(letter.slave_list_id);
        await forgetDeadLetter(deps, id);
        await remindOfRun(deps, requested.link, requested.run.id);
        response.status(202).json(presentRun(requested.run));
      },
    },
    {
      method: 'delete',
      path: '/sync/dead-letters/:id/',
      access: 'admin',
      operation: { tags, summary: 'Forget a dead letter; its link stays as it is', responses: answers({ '204': null }) },
      async handle(request, response) {
        const id = pathId(request, what);
        if (!(await discardDeadLetter(database, id))) throw notFound(what);
        await forgetDeadLetter(deps, id);
        response.status(204).end();
      },
    },
  ];
}
