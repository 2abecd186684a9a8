import { dossierDeletionSchema } from '@dossier/protocol/dossier.ts';
import type { DossierDeletion } from '@dossier/protocol/dossier.ts';
import { findDeletionMasters } from '@dossier/registry/dossier-deletions.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';

/** Tells before anybody asks for it whether a dossier can be deleted, so that no page offers what would be refused. */
export function dossierDeletionRoute({ database, probeMaster }: Pick<ApiDependencies, 'database' | 'probeMaster'>): Route {
  return {
    method: 'get',
    path: '/dossiers/:id/deletion/',
    limited: 'own dossier',
    access: 'operator',
    operation: {
      tags: ['Dossiers'],
      summary: 'Whether a dossier can be deleted now',
      description: 'On a slave its masters are asked whether they are there: while one is, its replicas can not be deleted from.',
      responses: answers({ '200': dossierDeletionSchema }),
    },
    async handle(request, response) {
      const { slave, masters } = await findDeletionMasters(database, pathId(request, 'such dossier'));
      const verdicts = await Promise.all(masters.map(probeMaster));
      const reason = !slave ? null : masters.length === 0 ? 'READ_ONLY' : verdicts.includes('available') ? 'MASTER_AVAILABLE' : null;
      response.json({ possible: reason === null, reason, masters } satisfies DossierDeletion);
    },
  };
}
