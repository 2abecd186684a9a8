import { z } from 'zod';
import { changesQuery, encodeChangesCursor } from '@dossier/protocol/changes.ts';
import type { ChangesEnd, ChangesReset } from '@dossier/protocol/changes.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { recordListReads } from '@dossier/accounts/reads.ts';
import { readLines } from '@dossier/feed/change-lines.ts';
import type { LinesPage } from '@dossier/feed/change-lines.ts';
import { beginReading, findTold, noteTold } from '@dossier/feed/readings.ts';
import { resetReason, startOf } from '../changes-start.ts';
import type { ChangesStart } from '../changes-start.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';

const what = 'such watch list';

/**
 * The feed for other consumers, with an API token: a recognition engine reads a list from nothing and follows its changes, page after page, by the cursor
 * of the answer before. A `reset` line means that the history it followed is gone (docs/api.md).
 */
export function changesRoute({ database }: { database: Database }): Route {
  return {
    method: 'get',
    path: '/dossier-lists/:id/changes/',
    limited: 'list',
    endless: true,
    access: 'viewer',
    bulk: true,
    query: changesQuery,
    operation: {
      operationId: 'listChanges',
      summary: 'Follow the changes of a watch list',
      description:
        'NDJSON: one put or tombstone a line in the order of revisions, then an end line (`count`, `next`, `more`, `snapshot`, `head`), or a single `reset` line (`reason`, `next`) where the history that was followed is gone. Without a parameter it begins from nothing; `cursor` is the `next` of the last answer. `since` is a revision.',
      tags: ['Watch lists'],
      responses: {
        ...answers({}),
        '200': { description: 'A page', content: { 'application/x-ndjson': { schema: z.string() } } },
      },
    },
    handle: async (request, response) => {
      const listId = pathId(request, what);
      const { limit, ...asked } = parseQuery(request, changesQuery);
      await requireShown(database, [listId]);
      const start = startOf(listId, asked);
      const told = start.reading === null ? null : await findTold(database, listId, start.reading.id);
      const page = await readLines(database, { listId, since: start.since, rows: limit });
      if (!page) throw notFound(what);
      const reason = resetReason(page.head, start, told);
      const { epoch } = page.head.position;
      const last = reason
        ? ({
            kind: 'reset',
            reason,
            next: encodeChangesCursor({ list: listId, reading: null }),
            epoch,
            floor: page.head.floor,
          } satisfies ChangesReset)
        : await endOf(database, page, start);
      await recordListReads(database, actorOf(request), { kind: 'changes', lists: [page.head.listId] });
      response.type('application/x-ndjson').send(`${reason ? '' : page.body}${JSON.stringify(last)}\n`);
    },
  };
}

/** The end line of a page. That the reading is told of its head is kept before it is. */
async function endOf(database: Database, { head, count, next, more }: LinesPage, start: ChangesStart): Promise<ChangesEnd> {
  const { epoch, revision: told } = head.position;
  if (start.reading !== null) await noteTold(database, start.reading.id, told);
  const reading = start.reading?.id ?? (await beginReading(database, head.listId, told));
  if (reading === null) throw notFound(what);
  const begun = start.since === 0 ? told : start.begun;
  const cursor = encodeChangesCursor({ list: head.listId, reading, epoch, since: next, begun: more ? begun : null, told });
  const snapshot = more ? 'under-way' : 'complete';
  return { kind: 'end', count, next: cursor, more, snapshot: begun === null ? null : snapshot, head: head.position };
}
