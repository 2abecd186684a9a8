import { dossierMerge, dossierSchema } from '@dossier/protocol/dossier.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { rememberRemoval } from '@dossier/accounts/history.ts';
import { recordReads } from '@dossier/accounts/reads.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { mergeDossiers } from '@dossier/registry/dossier-merge.ts';
import type { MergedDossiers } from '@dossier/registry/dossier-merge.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { ifMatch } from '../if-match.ts';
import { parseBody, pathId } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, identityOf } from '../session.ts';
import { expected, objectOf, requireNamedState, sendDossier } from './dossiers.ts';

/** Makes one dossier of two that are of the same person. */
export function dossierMergeRoute({ database, configuration }: Pick<ApiDependencies, 'database' | 'configuration'>): Route {
  return {
    method: 'post',
    path: '/dossiers/:id/merge/',
    access: 'operator',
    operation: {
      tags: ['Dossiers'],
      summary: 'Merge another dossier into this one',
      description:
        'The other one is deleted. If-Match names the states of both: two tags, with a comma between them; what is not one of them refuses the merge.',
      requestParams: ifMatch,
      requestBody: jsonBody(dossierMerge),
      responses: answers({ '200': dossierSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, 'such dossier');
      const { with: other, photos, ...fields } = await parseBody(request, dossierMerge);
      const binnedBy = configuration.binDays > 0 ? identityOf(request).user.name : null;
      const { kept } = await transaction(database, async (tx) => {
        for (const each of [id, other]) await requireNamedState(tx, request, each);
        const merged = await mergeDossiers(tx, { id, other, fields, photos, binnedBy, expect: expected(request) });
        const auditId = await recordAudit(tx, actorOf(request), recordOf(merged, [...Object.keys(fields), ...(photos ? ['photos'] : [])]));
        const before = merged.removed.change?.before;
        if (before) await rememberRemoval(tx, { auditId, uuid: merged.removed.dossier.uuid, before });
        await recordReads(tx, actorOf(request), { kind: 'dossier', dossiers: [merged.kept.dossier.id] });
        return merged;
      });
      sendDossier(response, kept.dossier);
    },
  };
}

function recordOf({ kept, removed }: MergedDossiers, fields: readonly string[]) {
  const { id, uuid, lists, external_id: externalId } = removed.dossier;
  const details = { merged: { id, uuid, dossier_lists: lists, external_id: externalId }, fields, dossier_lists: kept.dossier.lists };
  return { action: 'dossiers-merged', object: objectOf(kept.dossier), details, change: kept.change } as const;
}
