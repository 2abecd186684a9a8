import { takenBackSchema, takingBackQuery } from '@dossier/protocol/bin.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { readImport } from '@dossier/accounts/imports.ts';
import { recordReads } from '@dossier/accounts/reads.ts';
import { conflict } from '@dossier/runtime/errors.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { takeImportBack } from '@dossier/registry/bin/take-back.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';
import { requestParams, uuidOf } from './imports.ts';

/** Takes an import back as a whole. */
export function importUndoRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'post',
    path: '/imports/:id/undo/',
    access: 'operator',
    query: takingBackQuery,
    operation: {
      tags: ['Imports'],
      summary: 'Take an import back, or see what that would do',
      requestParams,
      description:
        'What it added goes to the bin, what it changed is as it was before. What somebody has changed since is left and named. `id` is the `import` of the import’s report. 409 if it can’t be taken back: it was already, or is older than BIN_DAYS.',
      responses: answers({ '200': takenBackSchema }),
    },
    async handle(request, response) {
      const { uuid: id, audit_id: auditId, state } = await readImport(database, uuidOf(request));
      if (state === 'running') throw conflict('The import is still running. Stop it, or wait for its end; then take it back.');
      const { preview } = parseQuery(request, takingBackQuery);
      const taken = await takeImportBack(database, {
        auditId,
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
      await recordReads(database, actorOf(request), { kind: 'page', dossiers: taken.examples.map((left) => left.id) });
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
