import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import { auditQuery } from '@dossier/protocol/audit.ts';
import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { auditExportFormat } from '@dossier/protocol/import.ts';
import { listAudit, recordAudit } from '@dossier/accounts/audit.ts';
import type { AuditFilter } from '@dossier/accounts/audit.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { Cursor } from '@dossier/postgres/keyset.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { presentAudit } from '../export/audit-text.ts';
import { parseQuery } from '../parse.ts';
import { presentAuditEntry } from '../presenters/operator.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';
import { recordAuditReads } from '../shown.ts';
import { begin } from './export.ts';

const chunkRows = 1000;
const text = { schema: { type: 'string' } } as const;
const query = auditQuery.omit({ limit: true, page: true }).extend({ format: auditExportFormat });

/** The audit as a file, newest first. That it was taken is audited, too, and the file's first entry. */
export function auditExportRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'get',
    path: '/audit/export/',
    endless: true,
    access: 'admin',
    bulk: true,
    query,
    operation: {
      tags: ['Audit'],
      summary: 'What passes the filter of the audit, as a file, newest first',
      description: 'In CSV an apostrophe stands before what a spreadsheet would take for a formula.',
      responses: { ...answers({}), '200': { description: 'The file', content: { 'application/x-ndjson': text, 'text/csv': text } } },
    },
    async handle(request, response) {
      const { format, object_id: objectId, object_uuid: objectUuid, ...given } = parseQuery(request, query);
      const filter = { ...given, objectId, objectUuid };
      await recordAudit(database, actorOf(request), {
        action: 'audit-exported',
        object: { kind: 'audit' },
        details: { format, ...Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) },
      });
      begin(response, 'audit', format);
      await pipeline(Readable.from(presentAudit(entriesOf(database, request, filter), format)), response);
    },
  };
}

async function* entriesOf(database: Database, request: Request, filter: AuditFilter): AsyncGenerator<AuditEntry[]> {
  let cursor: Cursor | null = null;
  for (;;) {
    const { rows, next }: Awaited<ReturnType<typeof listAudit>> = await listAudit(database, { cursor, limit: chunkRows, filter });
    await recordAuditReads(database, request, 'export', rows);
    yield rows.map((row) => presentAuditEntry(request, row));
    if (next === null) return;
    cursor = next;
  }
}
