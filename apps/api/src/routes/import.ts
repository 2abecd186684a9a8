import { PassThrough } from 'node:stream';
import type { Request } from 'express';
import { z } from 'zod';
import { importQuery, importReportSchema } from '@dossier/protocol/import.ts';
import type { ImportReport } from '@dossier/protocol/import.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { WatchListRow } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { importFile } from '../import/import-file.ts';
import type { ImportReport as Counts } from '../import/import-file.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos'>;

export const maximumImportBytes = 128 * 1024 * 1024;
const shownRefusals = 1000;
const binary = z.string();

export function importRoutes(deps: Dependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/dossier-lists/:id/import/',
      access: 'operator',
      query: importQuery,
      operation: {
        tags: ['Watch lists'],
        summary: 'Import a JSONL or CSV file into a watch list, or see what that would do',
        description:
          'The body is the file, at most 128 MB. It is written in batches, each whole or not at all. With `preview=true` nothing is changed.',
        requestBody: { required: true, content: { 'application/x-ndjson': { schema: binary }, 'text/csv': { schema: binary } } },
        responses: answers({ '200': importReportSchema }),
      },
      async handle(request, response) {
        const list = await readWatchList(deps.database, pathId(request, 'such watch list'));
        const { format, preview } = parseQuery(request, importQuery);
        await transaction(deps.database, requireWritable);
        response.json(await importBody(deps, request, { list, format, preview }));
      },
    },
  ];
}

interface Import {
  readonly list: WatchListRow;
  readonly format: 'jsonl' | 'csv';
  readonly preview: boolean;
}

async function importBody({ database, photos }: Dependencies, request: Request, { list, format, preview }: Import): Promise<ImportReport> {
  const counts: Counts = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
  const { signal } = new AbortController();
  const record = (details: object): Promise<void> =>
    recordAudit(database, actorOf(request), {
      action: 'dossiers-imported',
      object: { kind: 'watch-list', id: list.id, name: list.name },
      details: { format, ...details },
    });
  const source = readBody(request);
  const task = { database, store: photos, listId: list.id, source, format, preview, folder: null, signal, progress: () => undefined };
  if (preview) {
    await importFile(task, counts);
    return presentReport(counts, preview);
  }
  // Batches are committed one by one: what was begun is kept before the first of them, what came of it after the last.
  await record({ state: 'begun' });
  await importFile(task, counts).catch(async (error: unknown) => {
    // What ended the import may keep this from being recorded, too; it is what has to be told.
    await record({ state: 'broken-off', ...sumsOf(counts) }).catch(() => undefined);
    throw explain(error, counts);
  });
  await record({ state: 'done', ...sumsOf(counts) });
  return presentReport(counts, preview);
}

function sumsOf({ added, changed, unchanged, refused }: Counts) {
  return { added, changed, unchanged, refused };
}

/** Says what stays of an import that ended before its time. */
function explain(error: unknown, { lines, added, changed }: Counts): unknown {
  if (!(error instanceof ApplicationError) || lines === 0) return error;
  return new ApplicationError(error.code, `${error.detail} The ${lines} lines before are imported: ${added} added, ${changed} changed.`, {
    ...(error.param === undefined ? {} : { param: error.param }),
    remedy: 'Import the file again: it goes on where it stopped, only lines without external_id would be added twice.',
    cause: error,
  });
}

function presentReport(counts: Counts, preview: boolean): ImportReport {
  return { preview, ...sumsOf(counts), refusals: counts.refusedLines.slice(0, shownRefusals).map((refusal) => ({ ...refusal })) };
}

/** The body as it comes. TOO_LARGE over the limit, BAD_PARAM where it breaks off; the request itself stays whole for the answer. */
function readBody(request: Request): AsyncIterable<Uint8Array> {
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new ApplicationError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
  }
  const tooLarge = (): ApplicationError => new ApplicationError('TOO_LARGE', `The file has more than ${maximumImportBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > maximumImportBytes) throw tooLarge();
  const body = new PassThrough();
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > maximumImportBytes) body.destroy(tooLarge());
  });
  request.once('close', () => {
    if (!request.complete) body.destroy(new ApplicationError('BAD_PARAM', 'The body broke off.'));
  });
  request.pipe(body);
  return body as AsyncIterable<Uint8Array>;
}
