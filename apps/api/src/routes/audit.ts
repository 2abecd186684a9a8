import { auditEntrySchema, auditQuery } from '@dossier/protocol/audit.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { listAudit } from '@dossier/accounts/audit.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery } from '../parse.ts';
import { presentAuditEntry } from '../presenters/operator.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';

export function auditRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/audit/',
      access: 'admin',
      query: auditQuery,
      operation: {
        tags: ['Audit'],
        summary: 'Who did what, when and from where, newest first',
        description: '`since` is included, `until` is not. A date means its beginning in UTC.',
        responses: answers({ '200': pageOf(auditEntrySchema) }),
      },
      async handle(request, response) {
        const { limit, page, object_id: objectId, ...filter } = parseQuery(request, auditQuery);
        const found = await listAudit(database, { cursor: decodeCursor(page, newestFirst), limit, filter: { ...filter, objectId } });
        response.json(presentPage(found, presentAuditEntry, newestFirst));
      },
    },
  ];
}
