import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request } from 'express';
import { z } from 'zod';
import { importEntrySchema, importsQuery } from '@dossier/protocol/import.ts';
import type { ImportEntry } from '@dossier/protocol/import.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { listImports, readImport, readRefusals } from '@dossier/accounts/imports.ts';
import type { ImportRow } from '@dossier/accounts/imports.ts';
import { recordListReads } from '@dossier/accounts/reads.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { presentRefusals } from '../import/refused-file.ts';
import { parseQuery } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';
import { begin } from './export.ts';

const tags = ['Imports'];
export const requestParams = { path: z.object({ id: z.uuid() }) };
const text = { schema: { type: 'string' } } as const;
const chunkRows = 1000;

/** What was imported: by whom, when, from which file, and what came of it. */
export function importHistoryRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/imports/',
      access: 'viewer',
      query: importsQuery,
      operation: { tags, summary: 'Imports, newest first', responses: answers({ '200': pageOf(importEntrySchema) }) },
      async handle(request, response) {
        const { limit, page, dossier_list: listId } = parseQuery(request, importsQuery);
        const found = await listImports(database, { cursor: decodeCursor(page, newestFirst), limit, listId });
        response.json(presentPage(found, presentImport, newestFirst));
      },
    },
    {
      method: 'get',
      path: '/imports/:id/',
      access: 'viewer',
      operation: {
        tags,
        summary: 'An import, also while it is under way',
        requestParams,
        responses: answers({ '200': importEntrySchema }),
      },
      async handle(request, response) {
        response.json(presentImport(await readImport(database, uuidOf(request))));
      },
    },
    {
      method: 'get',
      path: '/imports/:id/refused/',
      access: 'operator',
      endless: true,
      bulk: true,
      operation: {
        tags,
        summary: 'The refused rows of an import, with the reasons, as a file that can be corrected and imported',
        description: 'Kept for a month, at most 10,000. In the form of the file: CSV, or JSON Lines.',
        requestParams,
        responses: { ...answers({}), '200': { description: 'The file', content: { 'application/x-ndjson': text, 'text/csv': text } } },
      },
      async handle(request, response) {
        const { uuid, reading, list_id: listId, list_name: listName } = await readImport(database, uuidOf(request));
        await recordAudit(database, actorOf(request), {
          action: 'refused-exported',
          object: { kind: 'watch-list', id: listId, name: listName },
          details: { import: uuid },
        });
        await recordListReads(database, actorOf(request), { kind: 'export', lists: [listId] });
        const format = reading['format'] === 'csv' ? 'csv' : 'jsonl';
        begin(response, `refused-${uuid}`, format);
        await pipeline(Readable.from(presentRefusals(readRefusals(database, uuid, chunkRows), format)), response);
      },
    },
  ];
}

/** The import that the path names. NOT_FOUND for what is no uuid. */
export function uuidOf(request: Request): string {
  const parsed = z.uuid().safeParse(request.params['id']);
  if (!parsed.success) throw notFound('such import');
  return parsed.data;
}

function presentImport(row: ImportRow): ImportEntry {
  return {
    import: row.uuid,
    audit: row.audit_id,
    dossier_list: { id: row.list_id, uuid: row.list_uuid, name: row.list_name },
    actor: row.actor,
    via: row.via,
    file: row.file,
    reading: row.reading,
    state: row.state,
    started_date: row.began.toISOString(),
    heard_date: row.heard.toISOString(),
    lines: row.lines,
    added: row.added,
    changed: row.changed,
    unchanged: row.unchanged,
    refused: row.refused,
    scientific_ids: row.scientific_ids,
    repeated_ids: row.repeated_ids,
    kept_refusals: row.kept_refusals,
    can_be_taken_back: row.can_be_taken_back,
  };
}
