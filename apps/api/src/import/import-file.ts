import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { ImportOrigin } from '@dossier/registry/history.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { findDoubles } from '@dossier/registry/import-doubles.ts';
import { refreshStatistics } from '@dossier/postgres/statistics.ts';
import type { ImportCounts, ImportedDossier } from '@dossier/registry/import.ts';
import { noteGarbage, sharePhotoStore } from '@dossier/registry/photo-garbage.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import type { ParsedLine } from './parse-line.ts';
import type { PhotoFolder } from './photo-folder.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Given, ImportRow } from './rows.ts';
import { takePhotos } from './take-photos.ts';

/** A line that was not imported. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** A line that was not imported, as the file has it. */
export type RefusedRow = RefusedLine & { readonly given: () => Given };

/** What an import has done so far. Lines are counted when their batch is committed. */
export interface ImportReport {
  lines: number;
  added: number;
  changed: number;
  unchanged: number;
  refused: number;
  /** The first `mostRefusedLines` of them. */
  refusedLines: RefusedLine[];
  /** Of a preview: lines without external id of whom the list has one of the same name, dates and fields already. */
  doubles?: Doubles;
}

export interface Doubles {
  count: number;
  /** The first `mostDoubles` of them. */
  readonly rows: { readonly line: number; readonly name: string }[];
}

/** So many lines are told that would be somebody twice. */
const mostDoubles = 100;

/** Beyond this many refused lines are only counted, so that a wrong file can't fill the memory. */
export const mostRefusedLines = 1000;

export interface ImportTask {
  readonly database: Database;
  readonly store: PhotoStore;
  readonly listId: number;
  /** As openFile makes them of a file. */
  readonly rows: AsyncIterable<ImportRow[]>;
  /** True: everything is done as it would be and then rolled back, batch by batch, so that the report says what would happen. */
  readonly preview?: boolean;
  /** What the history of the dossiers says of where they came from; without it nothing is kept of that. */
  readonly origin?: ImportOrigin;
  /** Null where no line may name a photo. */
  readonly folder: PhotoFolder | null;
  /** Once aborted, the batch under way is finished and no further one begun. */
  readonly signal: AbortSignal;
  /** Told after each batch. */
  readonly progress: (report: ImportReport) => unknown;
  /** Given the refused rows of each batch, in the order of the file. */
  readonly takeRefused?: (rows: readonly RefusedRow[]) => Promise<void>;
}

/** Lines and the photos that they name: to decode one takes longer than to write a line. */
const batchItems = 2000;
/** Keeps a batch of long lines from taking more memory than the bound of a few lines. */
const batchCharacters = 4 * 1024 * 1024;
/** So many new dossiers change what the planner should know. */
const worthStatistics = 1000;

type NumberedLine = ParsedLine & Pick<ImportRow, 'number' | 'given'>;

interface Batch {
  readonly lines: readonly NumberedLine[];
  readonly refused: readonly RefusedRow[];
}

/**
 * Imports a file in one pass and bounded memory, batch by batch, each whole or not at all. `report` is kept up to date, also when
 * this throws: what it counts is committed.
 */
export async function importFile(task: ImportTask, report: ImportReport): Promise<void> {
  const batches = new ReadAhead(readBatches(task.rows));
  const earlier = new Set<string>();
  for (;;) {
    const batch = await batches.next();
    if (batch === null || task.signal.aborted) break;
    const lines = task.preview === true ? passOver(batch.lines, earlier, report) : batch.lines;
    const refused = [...batch.refused, ...(await writeBatch({ ...task, meanwhile: () => batches.begin() }, lines, report))];
    refused.sort((a, b) => a.line - b.line);
    note(report, batch, refused);
    await task.takeRefused?.(refused);
    await task.progress(report);
  }
  await batches.close();
  if (task.preview === true || report.added + report.changed === 0) return;
  if (report.added >= worthStatistics) await refreshStatistics(task.database);
  await settleDigest(task.database, task.listId);
}

/** A preview has forgotten the earlier batches: what names a dossier of theirs would change it once more. */
function passOver(lines: readonly NumberedLine[], earlier: Set<string>, report: ImportReport): NumberedLine[] {
  const fresh = lines.filter(({ externalId }) => externalId === null || !earlier.has(externalId));
  report.changed += lines.length - fresh.length;
  for (const { externalId } of fresh) if (externalId !== null) earlier.add(externalId);
  return fresh;
}

function note(report: ImportReport, batch: Batch, refused: readonly RefusedRow[]): void {
  report.lines += batch.lines.length + batch.refused.length;
  report.refused += refused.length;
  const shown = refused.slice(0, Math.max(0, mostRefusedLines - report.refusedLines.length));
  report.refusedLines.push(...shown.map(({ line, reason }) => ({ line, reason })));
}

function noteDoubles(report: ImportReport, rows: Doubles['rows']): void {
  report.doubles ??= { count: 0, rows: [] };
  report.doubles.count += rows.length;
  report.doubles.rows.push(...rows.slice(0, Math.max(0, mostDoubles - report.doubles.rows.length)));
}

async function* readBatches(rows: AsyncIterable<ImportRow[]>): AsyncGenerator<Batch> {
  let lines: NumberedLine[] = [];
  let refused: RefusedRow[] = [];
  let items = 0;
  let characters = 0;
  for await (const chunk of rows) {
    for (const row of chunk) {
      if ('fault' in row.parsed) refused.push({ line: row.number, reason: row.parsed.fault, given: row.given });
      else lines.push({ ...row.parsed, number: row.number, given: row.given });
      items += itemsOf(row);
      characters += row.characters;
      if (items < batchItems && characters < batchCharacters) continue;
      yield { lines, refused };
      lines = [];
      refused = [];
      items = 0;
      characters = 0;
    }
  }
  if (lines.length + refused.length > 0) yield { lines, refused };
}

function itemsOf({ parsed }: ImportRow): number {
  return 'fault' in parsed ? 1 : 1 + (parsed.photoPaths?.length ?? 0);
}

/** A task, and what is to be done while PostgreSQL is at work. */
type Writing = ImportTask & { readonly meanwhile: () => void };

/** Writes the lines in one transaction and returns those that were refused for their photos, or by PostgreSQL for their content. */
async function writeBatch(task: Writing, lines: readonly NumberedLine[], report: ImportReport): Promise<RefusedRow[]> {
  if (lines.length === 0) return [];
  try {
    const { counts, refused, unnamed } = await writeOnce(task, lines);
    report.added += counts.added;
    report.changed += counts.changed;
    report.unchanged += counts.unchanged;
    // When all is rolled back: the list isn't locked for it, and holds only what it held before.
    if (task.preview === true) noteDoubles(report, await doublesOf(task, unnamed));
    return refused;
  } catch (error) {
    if (!isContentFault(error)) throw error;
    const [only] = lines;
    if (lines.length === 1 && only !== undefined) {
      return [{ line: only.number, reason: `PostgreSQL refuses it: ${messageOf(error)}`, given: only.given }];
    }
    // Halved until the line at fault is alone, so that the others are imported.
    const middle = lines.length >> 1;
    const first = await writeBatch(task, lines.slice(0, middle), report);
    return [...first, ...(await writeBatch(task, lines.slice(middle), report))];
  }
}

async function doublesOf({ database, listId }: Writing, unnamed: Written['unnamed']): Promise<Doubles['rows']> {
  const contents = unnamed.map(({ content }) => content);
  const places = await findDoubles(database, listId, contents);
  return places.flatMap((place) => unnamed[place] ?? []).map(({ line, content }) => ({ line, name: content.name }));
}

interface Written {
  readonly counts: ImportCounts;
  readonly refused: RefusedRow[];
  /** The lines of whom nothing says whether the list has them already. */
  readonly unnamed: { readonly line: number; readonly content: StoredContent }[];
}

/** Ends the transaction of a preview, which is to change nothing. */
class RolledBack extends Error {
  readonly written: Written;

  constructor(written: Written) {
    super('a preview is rolled back');
    this.written = written;
  }
}

async function writeOnce(task: Writing, lines: readonly NumberedLine[]): Promise<Written> {
  const { database, store, folder, listId, preview, origin, meanwhile } = task;
  const havePhotos = lines.some(({ photoPaths }) => photoPaths !== undefined);
  if (havePhotos) await transaction(database, requireWritable);
  return transaction(database, async (trx) => {
    if (havePhotos && preview !== true) await sharePhotoStore(trx);
    // Before any lock: a slow store keeps neither the lists nor new links waiting.
    const keep = preview === true ? null : { store, note: (sha256: string) => noteGarbage(database, [sha256]) };
    const taken = await takePhotos(lines, { folder, keep });
    await requireWritable(trx);
    const dossiers: ImportedDossier[] = [];
    const refused: RefusedRow[] = [];
    const written: NumberedLine[] = [];
    for (const [index, line] of lines.entries()) {
      const { number, given, photoPaths: _paths, ...content } = line;
      const photos = taken[index];
      if (photos === undefined || 'fault' in photos) refused.push({ line: number, reason: photos?.fault ?? '', given });
      else {
        dossiers.push({ ...content, photos: photos.photos });
        written.push(line);
      }
    }
    const counts = await importDossiers(trx, { listId, dossiers, origin, meanwhile });
    for (const { index, reason } of counts.refused) {
      const line = written[index];
      if (line !== undefined) refused.push({ line: line.number, reason, given: line.given });
    }
    const unnamed = counts.unnamed.map(({ index, content }) => ({ line: written[index]?.number ?? 0, content }));
    const outcome = { counts, refused, unnamed };
    if (preview === true) throw new RolledBack(outcome);
    return outcome;
  }).catch((error: unknown) => {
    if (error instanceof RolledBack) return error.written;
    throw error;
  });
}

/** Data exceptions, violated constraints and exceeded limits: the fault of a line, not of the server. */
function isContentFault(error: unknown): boolean {
  return !(error instanceof ApplicationError) && /^(22|23|54)/.test(sqlState(error) ?? '');
}

/** Without the statement, which knex puts before PostgreSQL's own sentence. */
function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.slice(message.lastIndexOf(' - ') + 1).replace(/^- /, '');
}
