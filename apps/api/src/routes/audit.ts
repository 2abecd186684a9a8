import { auditEntrySchema, auditQuery, readEntrySchema, readsQuery } from '@dossier/protocol/audit.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { listAudit } from '@dossier/accounts/audit.ts';
import { listReads } from '@dossier/accounts/reads.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery } from '../parse.ts';
import { presentAuditEntry, presentRead } from '../presenters/operator.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { recordAuditReads } from '../shown.ts';

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
        const { limit, page, object_id: objectId, object_uuid: objectUuid, ...filter } = parseQuery(request, auditQuery);
        const found = await listAudit(database, {
          cursor: decodeCursor(page, newestFirst),
          limit,
          filter: { ...filter, objectId, objectUuid },
        });
        await recordAuditReads(database, request, 'page', found.rows);
        response.json(presentPage(found, (entry) => presentAuditEntry(request, entry), newestFirst));
      },
    },
    {
      method: 'get',
      path: '/reads/',
      access: 'admin',
      query: readsQuery,
      operation: {
        tags: ['Audit'],
        summary: 'Who looked at whom, newest first',
        description:
          'Of watch lists with `log_reads`. With `dossier` also what gave its list as a whole, to whom it may have been shown: `dossiers` is null there.',
        responses: answers({ '200': pageOf(readEntrySchema) }),
      },
      async handle(request, response) {
        const { limit, page, dossier_list: list, ...filter } = parseQuery(request, readsQuery);
        const found = await listReads(database, { cursor: decodeCursor(page, newestFirst), limit, filter: { ...filter, list } });
        response.json(presentPage(found, presentRead, newestFirst));
      },
    },
  ];
}
