import { z } from 'zod';
import { badParam, notFound } from '@dossier/runtime/errors.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { recordListRead } from '@dossier/accounts/reads.ts';
import { pageLines, readLines } from '@dossier/feed/change-lines.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';

const changesQuery = z.object({
  since: z.coerce.number().int().nonnegative().default(0),
  epoch: z.uuid().optional(),
  limit: z.coerce.number().int().min(1).max(pageLines).default(1000),
});

/**
 * The feed for other consumers, with an API token: a recognition engine follows a list by asking for what came after the `next` of its
 * last page. A `reset` line means that the history it followed is gone: start over at `since=0` and drop what isn't met again.
 */
export function changesRoute({ database }: { database: Database }): Route {
  return {
    method: 'get',
    path: '/dossier-lists/:id/changes/',
    access: 'viewer',
    bulk: true,
    query: changesQuery,
    operation: {
      operationId: 'listChanges',
      summary: 'Follow the changes of a watch list',
      description:
        'NDJSON: one put or tombstone a line in the order of revisions, then an end line (`count`, `next`, `more`, `head`), or a single `reset` line when `epoch` or `since` name a history that is gone.',
      tags: ['Watch lists'],
      responses: {
        ...answers({}),
        '200': { description: 'A page', content: { 'application/x-ndjson': { schema: z.string() } } },
      },
    },
    handle: async (request, response) => {
      const id = Number(request.params['id']);
      const asked = changesQuery.safeParse(request.query);
      if (!asked.success) {
        const issue = asked.error.issues[0];
        throw badParam(String(issue?.path[0] ?? 'since'), issue?.message ?? 'is wrong');
      }
      const { since, epoch, limit } = asked.data;
      const page = Number.isSafeInteger(id) && id > 0 ? await readLines(database, { listId: id, since, rows: limit }) : null;
      if (!page) throw notFound('such watch list');
      const { position, floor } = page.head;
      const isGone = (epoch !== undefined && epoch !== position.epoch) || since > position.revision || (since > 0 && since < floor);
      const last = isGone
        ? { kind: 'reset', epoch: position.epoch, floor }
        : { kind: 'end', count: page.count, next: page.next, more: page.more, head: position };
      await recordListRead(database, actorOf(request), { kind: 'changes', listId: page.head.listId });
      response.type('application/x-ndjson').send(`${isGone ? '' : page.body}${JSON.stringify(last)}\n`);
    },
  };
}
