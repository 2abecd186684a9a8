import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  delimiterNames,
  delimiters,
  importColumnsQuery,
  importColumnsSchema,
  importQuery,
  importReportSchema,
  maximumImportBytes,
} from '@dossier/protocol/import.ts';
import type { DelimiterName, ImportColumns, ImportReport } from '@dossier/protocol/import.ts';
import { recordListReads } from '@dossier/accounts/reads.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { WatchListRow } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Reading } from '../import/columns.ts';
import { importFile } from '../import/import-file.ts';
import type { Doubles, ImportReport as Counts } from '../import/import-file.ts';
import { keepImport, sumsOf } from '../import/kept-import.ts';
import { lookAt } from '../import/look.ts';
import { formatOfName, openFile } from '../import/open-file.ts';
import type { Declared, OpenedFile } from '../import/open-file.ts';
import { receiveFile } from '../import/received-file.ts';
import type { ReceivedFile } from '../import/received-file.ts';
import type { Doubt, Survey } from '../import/survey.ts';
import { parseQuery, pathId } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { readOn } from '../read-on.ts';
import { actorOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'database' | 'photos' | 'configuration'>;

const binary = z.string();
const tags = ['Watch lists'];
const file = { schema: binary } as const;
const requestBody = {
  required: true,
  content: {
    'application/x-ndjson': file,
    'application/json': file,
    'text/csv': file,
    'application/zip': file,
    'multipart/form-data': file,
  },
};
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
        tags,
        summary: 'Import a file of JSON Lines, JSON or CSV, with or without photos, into a watch list, or see what that would do',
        description:
          'The body is the file, at most 512 MB unpacked; a zip of such a file and photos; or a form with the file in `file` and, in `photos`, photos by their paths or zips of them, at most 4 GB together. It is written in batches, each whole or not at all. With `preview=true` nothing is changed.',
        requestBody,
        responses: answers({ '200': importReportSchema }),
      },
      async handle(request, response) {
        const list = await readWatchList(deps.database, pathId(request, 'such watch list'));
        const asked = parseQuery(request, importQuery);
        await transaction(deps.database, requireWritable);
        const report = await receive(request, response, (received) => importBody(deps, { request, response, list, received, asked }));
        // A header that can't be used, say, ends an import before the file does.
        if (!response.shouldKeepAlive) await readOn(request);
        response.json(report);
        await readOn(request);
      },
    },
    {
      method: 'post',
      path: '/dossier-lists/:id/import/columns/',
      access: 'operator',
      slowBody: true,
      query: importColumnsQuery,
      operation: {
        tags,
        summary: 'What the columns of a file are taken for, with the values of its first rows',
        description: 'The body is the file, or its beginning: 256 KB are enough. Only the first hundred rows are read. Nothing is changed.',
        requestBody,
        responses: answers({ '200': importColumnsSchema }),
      },
      async handle(request, response) {
        await readWatchList(deps.database, pathId(request, 'such watch list'));
        const asked = parseQuery(request, importColumnsQuery);
        const seen = await receive(request, response, ({ name, source }) => lookAt(source, declaredBy(request, asked, name)));
        const { format, charset, delimiter, survey, rows, refusals } = seen;
        if (!response.shouldKeepAlive) await readOn(request);
        response.json({
          ...presentFile({ format, charset, delimiter }),
          rows,
          columns: survey.columns,
          refusals,
          warnings: warningsOf(survey),
        });
        await readOn(request);
      },
    },
  ];
}

async function receive<Result>(request: Request, response: Response, use: (received: ReceivedFile) => Promise<Result>): Promise<Result> {
  const received = await receiveFile(request, response);
  try {
    return await use(received);
  } finally {
    await received.close();
  }
}

type Asked = z.output<typeof importColumnsQuery>;

/** What a request says of its file: the parameters count before the type, and the type before the file's name. */
function declaredBy(request: Request, asked: Asked, name: string | null): Declared {
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => /^\s*charset\s*=\s*"?([^"\s]+)/.exec(parameter)?.[1]).find((value) => value !== undefined);
  return {
    format: asked.format ?? formatsOfTypes[type.trim()] ?? (name === null ? undefined : formatOfName(name)),
    charset: asked.encoding ?? charset,
    delimiter: asked.delimiter === undefined ? undefined : delimiters[asked.delimiter],
    reading: readingOf(asked),
    maximumBytes: maximumImportBytes,
  };
}

function readingOf({ columns = {}, unknown }: Asked): Reading {
  return { columns, unknown };
}

interface Import {
  readonly request: Request;
  readonly response: Response;
  readonly list: WatchListRow;
  readonly received: ReceivedFile;
  readonly asked: z.output<typeof importQuery>;
}

async function importBody(
  { database, photos, configuration }: Dependencies,
  { request, response, list, received, asked }: Import,
): Promise<ImportReport> {
  const counts: Counts = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
  const opened = await openFile(received.source, declaredBy(request, asked, received.name));
  const controller = new AbortController();
  const { signal } = controller;
  const task = { database, store: photos, folder: received.photos, signal, progress: () => undefined };
  const report = (uuid: string | null): ImportReport => ({
    preview: asked.preview,
    import: uuid,
    can_be_taken_back: uuid !== null && configuration.binDays > 0 && counts.added + counts.changed > 0,
    ...presentFile(opened),
    columns: opened.survey.columns.map(({ samples: _samples, ...column }) => column),
    ...sumsOf(counts),
    refusals: counts.refusedLines.map((refusal) => ({ ...refusal })),
    warnings: { ...warningsOf(opened.survey), ...(asked.preview && { doubles: presentDoubles(counts.doubles) }) },
  });
  if (asked.preview) {
    // What would be is of use to nobody who has left.
    response.once('close', () => controller.abort());
    await importFile({ ...task, listId: list.id, rows: opened.rows, preview: true }, counts);
    // Whoever looks at what a file would do learns who of it is in the list.
    await recordListReads(database, actorOf(request), { kind: 'page', lists: [list.id] });
    return report(null);
  }
  const kept = {
    ...task,
    list,
    actor: actorOf(request),
    file: opened,
    name: asked.file ?? received.name,
    reading: readingOf(asked),
    uuid: asked.import,
    canBeTakenBack: configuration.binDays > 0,
  };
  const uuid = await keepImport(kept, counts).catch((error: unknown) => {
    throw explain(error, counts);
  });
  return report(uuid);
}

function presentFile({ format, charset, delimiter }: Pick<OpenedFile, 'format' | 'charset' | 'delimiter'>) {
  return { format, encoding: charset, delimiter: delimiterName(delimiter) };
}

/** Null also for one that only the file itself names. */
function delimiterName(delimiter: string | null): DelimiterName | null {
  return delimiterNames.find((name) => delimiters[name] === delimiter) ?? null;
}

function warningsOf({ scientific, repeated }: Survey): ImportColumns['warnings'] {
  const present = ({ count, rows }: Doubt): ImportReport['warnings']['scientific_ids'] => ({
    count,
    rows: rows.map((row) => ({ ...row })),
  });
  return { scientific_ids: present(scientific), repeated_ids: present(repeated) };
}

function presentDoubles({ count, rows }: Doubles = { count: 0, rows: [] }): ImportReport['warnings']['doubles'] {
  return { count, rows: rows.map((row) => ({ ...row })) };
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
