import { slaveSchema } from '@dossier/protocol/node.ts';
import { pageQuery } from '@dossier/protocol/queries.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { listFollowers } from '@dossier/feed/followers.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { CursorOrder } from '../cursor.ts';
import { parseQuery } from '../parse.ts';
import { presentSlave } from '../presenters/operator.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { limitsOf } from '../session.ts';
import type { SyncDependencies } from './sync.ts';

const byList: CursorOrder = { ordering: 'dossier_list', column: 'text' };

export function syncSlaveRoutes({ database }: Pick<SyncDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/sync/slaves/',
      limited: 'all',
      access: 'viewer',
      query: pageQuery,
      operation: {
        tags: ['Replication'],
        summary: 'On a master: which slave follows which list, when it was last seen and how far behind it is',
        description: 'As the slaves said when they last asked. Those that were not seen for 90 days are forgotten.',
        responses: answers({ '200': pageOf(slaveSchema) }),
      },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        const found = await listFollowers(database, { cursor: decodeCursor(page, byList), limit, lists: limitsOf(request) });
        response.json(presentPage(found, presentSlave, byList));
      },
    },
  ];
}
