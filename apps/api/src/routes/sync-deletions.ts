import { offlineDeletionQuery } from '@dossier/protocol/queries.ts';
import { offlineDeletionSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { listOfflineDeletions } from '@dossier/replication/offline-deletions.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import { parseQuery } from '../parse.ts';
import { presentOfflineDeletion } from '../presenters/sync.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { recordDeletionReads } from '../shown.ts';
import type { SyncDependencies } from './sync.ts';

export function syncDeletionRoutes({ database }: Pick<SyncDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/sync/offline-deletions/',
      access: 'viewer',
      query: offlineDeletionQuery,
      operation: {
        tags: ['Replication'],
        summary: 'Dossiers of all replicas that were deleted here while their master was away, newest first',
        description: '`settled=false`: those that wait for the next sync.',
        responses: answers({ '200': pageOf(offlineDeletionSchema) }),
      },
      async handle(request, response) {
        const { limit, page, settled, slave_dossier_list: slaveListId } = parseQuery(request, offlineDeletionQuery);
        const found = await listOfflineDeletions(database, { slaveListId, settled }, { cursor: decodeCursor(page, newestFirst), limit });
        await recordDeletionReads(database, request, found.rows);
        response.json(presentPage(found, presentOfflineDeletion, newestFirst));
      },
    },
  ];
}
