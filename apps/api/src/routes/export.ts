import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { dossierExportQuery, exportQuery, selectionExport } from '@dossier/protocol/import.ts';
import { ApplicationError, badParam, conflict } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { recordListReads, recordReads } from '@dossier/accounts/reads.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { Cursor } from '@dossier/postgres/keyset.ts';
import type { DossierFilter, DossierOrdering } from '@dossier/registry/dossier-pages.ts';
import { listDossiers } from '@dossier/registry/dossiers.ts';
import type { DossierRow } from '@dossier/registry/dossiers.ts';
import { exportCopies, exportDossiers, exportNamed, findGone } from '@dossier/registry/export.ts';
import type { ExportedDossier } from '@dossier/registry/export.ts';
import { mostRanked, searchDossiers } from '@dossier/registry/search/search.ts';
import { requireShown } from '@dossier/registry/withdrawn.ts';
import { readWatchList } from '@dossier/registry/watch-lists.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { filterOf } from '../dossier-filter.ts';
import { dossierMediaTypes, presentDossiers } from '../export/dossier-text.ts';
import { zipDossiers } from '../export/dossier-zip.ts';
import { namedLists, parseBody, parseQuery, pathId } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { actorOf, limitsOf } from '../session.ts';

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'photos'>;

const chunkRows = 1000;
const text = { schema: { type: 'string' } } as const;
const texts = { 'application/x-ndjson': text, 'text/csv': text };
const aboutCsv = 'In CSV an apostrophe stands before what a spreadsheet would take for a formula; an import takes it away again.';

export function exportRoutes(deps: Dependencies): Route[] {
  return [listRoute(deps), searchRoute(deps), selectionRoute(deps)];
}

function listRoute({ configuration: { nodeName: node }, database, photos }: Dependencies): Route {
  return {
    method: 'get',
    path: '/dossier-lists/:id/export/',
    limited: 'list',
    endless: true,
    access: 'viewer',
    bulk: true,
    query: exportQuery,
    operation: {
      tags: ['Watch lists'],
      summary: 'A watch list as a file that can be imported',
      description: `JSON Lines and CSV are without photos; a zip has them beside JSON Lines. ${aboutCsv}`,
      responses: { ...answers({}), '200': { description: 'The file', content: { ...texts, 'application/zip': text } } },
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
      await recordListReads(database, actorOf(request), { kind: 'export', lists: [list.id] });
      const chunks = exportDossiers(database, list.id, chunkRows);
      begin(response, { node, name: `watch-list-${list.id}`, format });
      await pipeline(
        format === 'zip'
          ? Readable.fromWeb(zipDossiers(chunks, photos, { comment: `Watch list ${list.id} (${list.name}) of ${node}` }))
          : Readable.from(presentDossiers(chunks, format)),
        response,
      );
    },
  };
}

function searchRoute({ configuration: { nodeName: node }, database }: Dependencies): Route {
  return {
    method: 'get',
    path: '/dossiers/export/',
    limited: 'narrowed',
    endless: true,
    access: 'viewer',
    bulk: true,
    query: dossierExportQuery,
    operation: {
      tags: ['Dossiers'],
      summary: 'What a search or filter finds, as a file that can be imported',
      description: `With the parameters of GET /dossiers/. Without photos. A search by q that finds more than ${mostRanked} is refused, as only so many are ranked. ${aboutCsv}`,
      responses: { ...answers({}), '200': { description: 'The file', content: texts } },
    },
    async handle(request, response) {
      const { format, ordering = 'id', ...query } = parseQuery(request, dossierExportQuery);
      const filter = filterOf(query);
      await requireShown(database, namedLists(request, filter.lists));
      const words = query.q?.trim() ?? '';
      const found = words === '' ? pagesOf(database, filter, ordering) : await searchOf(database, filter, words);
      await recordAudit(database, actorOf(request), {
        action: 'search-exported',
        object: { kind: 'dossier' },
        // Not what was looked for: the audit holds no person's data that couldn't be erased.
        details: {
          format,
          filters: Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [name])),
          ...(query.dossier_lists && { dossier_lists: query.dossier_lists }),
        },
      });
      begin(response, { node, name: 'dossiers', format });
      await pipeline(Readable.from(presentDossiers(shown(database, request, found), format)), response);
    },
  };
}

function selectionRoute({ configuration: { nodeName: node }, database }: Dependencies): Route {
  return {
    method: 'post',
    path: '/dossiers/export/',
    limited: 'all',
    endless: true,
    access: 'viewer',
    bulk: true,
    operation: {
      tags: ['Dossiers'],
      summary: 'Dossiers that are named, as a file that can be imported',
      description: `In the order in which they are named, each once. Without photos. One that is not here refuses all: a file is whole. ${aboutCsv}`,
      requestBody: jsonBody(selectionExport),
      responses: { ...answers({}), '200': { description: 'The file', content: texts } },
    },
    async handle(request, response) {
      const { dossiers, format } = await parseBody(request, selectionExport);
      const ids = [...new Set(dossiers)];
      const gone = await findGone(database, ids, { lists: limitsOf(request), limit: namedGone + 1 });
      if (gone.length > 0) throw missing(gone);
      await recordAudit(database, actorOf(request), {
        action: 'selection-exported',
        object: { kind: 'dossier' },
        details: { format, dossiers: ids.length },
      });
      begin(response, { node, name: 'dossiers', format });
      await pipeline(Readable.from(presentDossiers(named(database, request, ids), format)), response);
    },
  };
}

/** So many of those that are gone are told by their ids. */
const namedGone = 10;

function missing(gone: readonly number[]): ApplicationError {
  const ids = gone.slice(0, namedGone).join(', ');
  return new ApplicationError(
    'NOT_FOUND',
    `Not all of these dossiers are here any more: ${ids}${gone.length > namedGone ? ' and others' : ''}.`,
    {
      param: 'dossiers',
      remedy: 'Nothing was exported. Name only dossiers that are here.',
    },
  );
}

async function* named(database: Database, request: Request, ids: readonly number[]): AsyncGenerator<readonly ExportedDossier[]> {
  for (let at = 0; at < ids.length; at += chunkRows) {
    const chunk = ids.slice(at, at + chunkRows);
    await recordReads(database, actorOf(request), { kind: 'export', dossiers: chunk });
    const found = await exportNamed(database, chunk, limitsOf(request));
    requireAll(chunk.length, new Set(found.map(({ id }) => id)).size);
    yield found;
  }
}

/** A file is whole, or it is broken off: what was found a moment ago may be gone or changed. */
function requireAll(wanted: number, found: number): void {
  if (found < wanted) throw conflict('Dossiers were changed while they were exported. The file is not whole; export them again.');
}

/** What a browser saves: a file that says from which node it is. */
export function begin(
  response: Response,
  { node, name, format }: { node: string; name: string; format: keyof typeof dossierMediaTypes },
): void {
  // Without what file systems and shells take for something else.
  const from = node.replaceAll(/[^\p{L}\p{M}\p{N}.]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  const file = `${from === '' ? '' : `${from}-`}${name}.${format}`;
  const ascii = file.replaceAll(/[^ -~]/gu, '_');
  // RFC 6266: programs that know no other letters take the first.
  const encoded = ascii === file ? '' : `; filename*=UTF-8''${encodeURIComponent(file)}`;
  response.set({ 'Content-Type': dossierMediaTypes[format], 'Content-Disposition': `attachment; filename="${ascii}"${encoded}` });
}

async function* pagesOf(database: Database, filter: DossierFilter, ordering: string): AsyncGenerator<readonly DossierRow[]> {
  let cursor: Cursor | null = null;
  for (;;) {
    const page: { rows: DossierRow[]; next: Cursor | null } = await listDossiers(database, {
      cursor,
      limit: chunkRows,
      ordering: ordering.replace('-', '') as DossierOrdering,
      descending: ordering.startsWith('-'),
      filter,
    });
    yield page.rows;
    if (page.next === null) return;
    cursor = page.next;
  }
}

/** All that is found by words, or BAD_PARAM where that would not be all. */
async function searchOf(database: Database, filter: DossierFilter, words: string): Promise<AsyncIterable<readonly DossierRow[]>> {
  const { rows, more, behind } = await searchDossiers(database, { text: words, filter, offset: 0, limit: mostRanked });
  if (more)
    throw badParam(
      'q',
      `q: finds more than ${mostRanked} dossiers, and only so many are ranked; the file would not be whole. Ask for more words.`,
    );
  if (behind.length > 0) {
    throw new ApplicationError('UNAVAILABLE', 'The search is not through with all of these watch lists yet; the file would not be whole.', {
      remedy: 'Try again when it is; how far it is stands in the answer of GET /dossiers/ with the same q.',
    });
  }
  // oxlint-disable-next-line typescript/require-await
  return (async function* all() {
    yield rows;
  })();
}

/** The dossiers of the pages, each page logged as read before it is shown. */
async function* shown(
  database: Database,
  request: Request,
  pages: AsyncIterable<readonly DossierRow[]>,
): AsyncGenerator<readonly ExportedDossier[]> {
  for await (const page of pages) {
    await recordReads(database, actorOf(request), { kind: 'export', dossiers: page.map(({ id }) => id) });
    const copies = await exportCopies(database, page);
    requireAll(page.length, copies.length);
    yield copies;
  }
}
