import type { Request } from 'express';
import { z } from 'zod';
import { importQuery, importReportSchema, maximumImportBytes } from '@dossier/protocol/import.ts';
import type { ImportReport } from '@dossier/protocol/import.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { keepReserve } from '@dossier/postgres/disk-reserve.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';
import { mostRemembered } from '@dossier/registry/history.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { WatchListRow } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { importFile } from '../import/import-file.ts';
import type { ImportReport as Counts } from '../import/import-file.ts';
import { openFile } from '../import/open-file.ts';
import type { Declared, OpenedFile } from '../import/open-file.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { readOn } from '../read-on.ts';
import { actorOf } from '../session.ts';
import { readStream } from '../stream-body.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos' | 'configuration'>;

const binary = z.string();
/** Windows calls a CSV file a workbook where Excel is installed. */
const formatsOfTypes: Readonly<Record<string, 'jsonl' | 'csv'>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'text/tab-separated-values': 'csv',
  'application/vnd.ms-excel': 'csv',
  'application/x-ndjson': 'jsonl',
  'application/ndjson': 'jsonl',
  'application/jsonl': 'jsonl',
  'application/json': 'jsonl',
};

export function importRoutes(deps: Dependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/dossier-lists/:id/import/',
      access: 'operator',
      slowBody: true,
      query: importQuery,
      operation: {
        tags: ['Watch lists'],
        summary: 'Import a file of JSON Lines, JSON or CSV into a watch list, or see what that would do',
        description:
          'The body is the file, at most 128 MB unpacked. It is written in batches, each whole or not at all. With `preview=true` nothing is changed.',
        requestBody: {
          required: true,
          content: { 'application/x-ndjson': { schema: binary }, 'application/json': { schema: binary }, 'text/csv': { schema: binary } },
        },
        responses: answers({ '200': importReportSchema }),
      },
      async handle(request, response) {
        const list = await readWatchList(deps.database, pathId(request, 'such watch list'));
        const { format, preview } = parseQuery(request, importQuery);
        await transaction(deps.database, requireWritable);
        await keepReserve(deps.database);
        const file = await openFile(readStream(request, response, maximumImportBytes), declaredBy(request, format));
        const report = await importBody(deps, request, { list, file, preview });
        // A header that can't be used, say, ends an import before the file does.
        if (!response.shouldKeepAlive) await readOn(request);
        response.json(report);
        await readOn(request);
      },
    },
  ];
}

/** What a request says of its file: the parameter counts before the type. */
function declaredBy(request: Request, format: 'jsonl' | 'csv' | undefined): Declared {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() === 'multipart/form-data') {
    throw new ApplicationError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The body is a form with a file in it; the file itself is expected. Nothing was imported.',
      {
        remedy: 'Send the file as the body: with curl by --data-binary @FILE instead of --form.',
      },
    );
  }
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)/.exec(parameter)?.[1]).find((value) => value !== undefined);
  return { format: format ?? formatsOfTypes[type.trim()], charset, maximumBytes: maximumImportBytes };
}

interface Import {
  readonly list: WatchListRow;
  readonly file: OpenedFile;
  readonly preview: boolean;
}

async function importBody(
  { database, photos, configuration }: Dependencies,
  request: Request,
  { list, file, preview }: Import,
): Promise<ImportReport> {
  const counts: Counts = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
  const { signal } = new AbortController();
  const { format, rows } = file;
  const record = (details: object): Promise<number> =>
    recordAudit(database, actorOf(request), {
      action: 'dossiers-imported',
      object: { kind: 'watch-list', id: list.id, name: list.name },
      details: { format, ...details },
    });
  const task = { database, store: photos, listId: list.id, rows, preview, folder: null, signal, progress: () => undefined };
  const canBeTakenBack = configuration.binDays > 0;
  const report = (id: number | null): ImportReport => ({
    preview,
    import: id,
    format,
    ...sumsOf(counts),
    refusals: counts.refusedLines.map((refusal) => ({ ...refusal })),
  });
  if (preview) {
    await importFile(task, counts);
    return report(null);
  }
  // Batches are committed one by one: what was begun is kept before the first of them, what came of it after the last.
  const auditId = await record({ state: 'begun' });
  await importFile({ ...task, origin: { auditId, room: mostRemembered, canBeTakenBack } }, counts).catch(async (error: unknown) => {
    // What ended the import may keep this from being recorded, too; it is what has to be told.
    await record({ state: 'broken-off', ...sumsOf(counts) }).catch(() => undefined);
    throw explain(error, counts);
  });
  await record({ state: 'done', import: auditId, ...sumsOf(counts) });
  return report(canBeTakenBack && counts.added + counts.changed > 0 ? auditId : null);
}

function sumsOf({ added, changed, unchanged, refused }: Counts) {
  return { added, changed, unchanged, refused };
}

/** Says what stays of an import that ended before its time. */
function explain(error: unknown, { lines, added, changed }: Counts): unknown {
  const told = error instanceof ApplicationError ? error : translateDatabaseError(error);
  if (told === null || lines === 0) return error;
  const what = told.detail.replace(/ Nothing was changed[.;].*$/, '');
  return new ApplicationError(told.code, `${what} The ${lines} lines before are imported: ${added} added, ${changed} changed.`, {
    ...(told.param === undefined ? {} : { param: told.param }),
    remedy: 'Import the file again: it goes on where it stopped, only lines without external_id would be added twice.',
    cause: error,
  });
}
