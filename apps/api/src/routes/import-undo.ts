import { takenBackSchema, takingBackQuery } from '@dossier/protocol/bin.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { takeImportBack } from '@dossier/registry/bin/take-back.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';

/** Takes an import back as a whole. */
export function importUndoRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'post',
    path: '/imports/:id/undo/',
    access: 'operator',
    query: takingBackQuery,
    operation: {
      tags: ['Watch lists'],
      summary: 'Take an import back, or see what that would do',
      description:
        'What it added goes to the bin, what it changed is as it was before. What somebody has changed since is left and named. `id` is the `import` of the import’s report. 409 if it can’t be taken back: it was already, or is older than BIN_DAYS.',
      responses: answers({ '200': takenBackSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, 'such import');
      const { preview } = parseQuery(request, takingBackQuery);
      const taken = await takeImportBack(database, {
        auditId: id,
        by: identityOf(request).user.name,
        preview,
        async record(tx, { list_id: listId, removed, returned, left, deletion }) {
          const { uuid, name } = await readWatchList(tx, listId);
          const object = { kind: 'watch-list', id: listId, uuid, name } as const;
          const details = { import: id, removed, returned, left, ...(deletion !== null && { deletion }) };
          return recordAudit(tx, actorOf(request), { action: 'import-taken-back', object, details });
        },
      });
      if (!preview) await settleDigest(database, taken.list_id);
      const { removed, returned, left, deletion, list_id: list, examples } = taken;
      response.json({
        preview,
        dossier_list: list,
        removed,
        returned,
        left,
        left_dossiers: examples.map(({ id: dossier, name, added }) => ({ dossier, name, added })),
        deletion,
      });
    },
  };
}
