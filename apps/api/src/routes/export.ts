import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportQuery, noDate } from '@dossier/protocol/import.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { recordListRead } from '@dossier/accounts/reads.ts';
import { exportDossiers } from '@dossier/registry/export.ts';
import type { ExportedDossier } from '@dossier/registry/export.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';

const chunkRows = 1000;
const text = { schema: { type: 'string' } } as const;

export function exportRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/dossier-lists/:id/export/',
      endless: true,
      access: 'viewer',
      bulk: true,
      query: exportQuery,
      operation: {
        tags: ['Watch lists'],
        summary: 'A watch list as a file that can be imported',
        description:
          'Without photos. In CSV an apostrophe stands before what a spreadsheet would take for a formula; an import takes it away again.',
        responses: {
          ...answers({}),
          '200': { description: 'The file', content: { 'application/x-ndjson': text, 'text/csv': text } },
        },
      },
      async handle(request, response) {
        const list = await readWatchList(database, pathId(request, 'such watch list'));
        const { format } = parseQuery(request, exportQuery);
        await requireShown(database, [list.id]);
        await recordAudit(database, actorOf(request), {
          action: 'list-exported',
          object: { kind: 'watch-list', id: list.id, name: list.name },
          details: { format, dossiers: list.dossier_count },
        });
        await recordListRead(database, actorOf(request), { kind: 'export', listId: list.id });
        response.set({
          'Content-Type': format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/x-ndjson',
          'Content-Disposition': `attachment; filename="watch-list-${list.id}.${format}"`,
        });
        const present = format === 'csv' ? presentCsv : presentJsonl;
        await pipeline(Readable.from(present(exportDossiers(database, list.id, chunkRows))), response);
      },
    },
  ];
}

const columns = ['external_id', 'name', 'comment', 'active', 'valid_from', 'valid_until', 'meta'] as const;
type Chunks = AsyncIterable<readonly ExportedDossier[]>;

/** Also what a dossier doesn't have: whoever is known otherwise where the file is imported becomes what the file says. */
function fieldsOf({ external_id, name, comment, active, valid_from, valid_until }: ExportedDossier) {
  return {
    external_id: external_id ?? undefined,
    name,
    comment,
    active,
    valid_from: valid_from ?? noDate,
    valid_until: valid_until ?? noDate,
  };
}

async function* presentJsonl(chunks: Chunks): AsyncGenerator<string> {
  for await (const chunk of chunks) yield chunk.map(jsonLine).join('');
}

function jsonLine(dossier: ExportedDossier): string {
  // Written by hand it may have line breaks, which in JSON stand only between values.
  return `${JSON.stringify(fieldsOf(dossier)).slice(0, -1)},"meta":${dossier.meta.replaceAll(/[\r\n]/g, ' ')}}\n`;
}

async function* presentCsv(chunks: Chunks): AsyncGenerator<string> {
  // Spreadsheets take a file for UTF-8 only if it begins with a byte order mark.
  yield `\ufeff${columns.join(',')}\r\n`;
  for await (const chunk of chunks) yield chunk.map(csvRow).join('');
}

function csvRow(dossier: ExportedDossier): string {
  const fields = { ...fieldsOf(dossier), meta: dossier.meta };
  return `${columns.map((column) => csvField(String(fields[column] ?? ''))).join(',')}\r\n`;
}

function csvField(value: string): string {
  const guarded = /^'*(?:[=+\-@\t\r]|NULL$|\\N$)/.test(value) ? `'${value}` : value;
  return /[",\r\n;\t]/.test(guarded) || /^\s|\s$/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}
