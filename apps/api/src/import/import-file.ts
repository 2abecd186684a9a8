import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { ImportOrigin } from '@dossier/registry/history.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { refreshStatistics } from '@dossier/postgres/statistics.ts';
import type { ImportCounts, ImportedDossier } from '@dossier/registry/import.ts';
import { noteGarbage, sharePhotoStore } from '@dossier/registry/photo-garbage.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import type { ParsedLine } from './parse-line.ts';
import type { PhotoFolder } from './photo-folder.ts';
import { ReadAhead } from './read-ahead.ts';
import type { ImportRow } from './rows.ts';
import { takePhotos } from './take-photos.ts';

/** A line that was not imported. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** What an import has done so far. Lines are counted when their batch is committed. */
export interface ImportReport {
  lines: number;
  added: number;
  changed: number;
  unchanged: number;
  refused: number;
  /** The first `mostRefusedLines` of them. */
  refusedLines: RefusedLine[];
}

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
  readonly progress: (report: ImportReport) => void;
}

/** Lines and the photos that they name: to decode one takes longer than to write a line. */
const batchItems = 2000;
/** Keeps a batch of long lines from taking more memory than the bound of a few lines. */
const batchCharacters = 4 * 1024 * 1024;
/** So many new dossiers change what the planner should know. */
const worthStatistics = 1000;

type NumberedLine = ParsedLine & { readonly number: number };

interface Batch {
  readonly lines: readonly NumberedLine[];
  readonly refused: readonly RefusedLine[];
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
    note(report, batch, refused);
    task.progress(report);
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

function note(report: ImportReport, batch: Batch, refused: readonly RefusedLine[]): void {
  report.lines += batch.lines.length + batch.refused.length;
  report.refused += refused.length;
  const ordered = refused.toSorted((a, b) => a.line - b.line);
  report.refusedLines.push(...ordered.slice(0, Math.max(0, mostRefusedLines - report.refusedLines.length)));
}

async function* readBatches(rows: AsyncIterable<ImportRow[]>): AsyncGenerator<Batch> {
  let lines: NumberedLine[] = [];
  let refused: RefusedLine[] = [];
  let items = 0;
  let characters = 0;
  for await (const chunk of rows) {
    for (const row of chunk) {
      if ('fault' in row.parsed) refused.push({ line: row.number, reason: row.parsed.fault });
      else lines.push({ ...row.parsed, number: row.number });
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
async function writeBatch(task: Writing, lines: readonly NumberedLine[], report: ImportReport): Promise<RefusedLine[]> {
  if (lines.length === 0) return [];
  try {
    const { counts, refused } = await writeOnce(task, lines);
    report.added += counts.added;
    report.changed += counts.changed;
    report.unchanged += counts.unchanged;
    return refused;
  } catch (error) {
    if (!isContentFault(error)) throw error;
    const [only] = lines;
    if (lines.length === 1 && only !== undefined) return [{ line: only.number, reason: `PostgreSQL refuses it: ${messageOf(error)}` }];
    // Halved until the line at fault is alone, so that the others are imported.
    const middle = lines.length >> 1;
    const first = await writeBatch(task, lines.slice(0, middle), report);
    return [...first, ...(await writeBatch(task, lines.slice(middle), report))];
  }
}

interface Written {
  readonly counts: ImportCounts;
  readonly refused: RefusedLine[];
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
    if (havePhotos) await sharePhotoStore(trx);
    // Before any lock: a slow store keeps neither the lists nor new links waiting.
    const taken = await takePhotos(lines, { folder, store, note: (sha256) => noteGarbage(database, [sha256]) });
    await requireWritable(trx);
    const dossiers: ImportedDossier[] = [];
    const refused: RefusedLine[] = [];
    const numbers: number[] = [];
    for (const [index, { number, photoPaths: _paths, ...line }] of lines.entries()) {
      const photos = taken[index];
      if (photos === undefined || 'fault' in photos) refused.push({ line: number, reason: photos?.fault ?? '' });
      else {
        dossiers.push({ ...line, photos: photos.photos });
        numbers.push(number);
      }
    }
    const counts = await importDossiers(trx, { listId, dossiers, origin, meanwhile });
    for (const { index, reason } of counts.refused) refused.push({ line: numbers[index] ?? 0, reason });
    const written = { counts, refused };
    if (preview === true) throw new RolledBack(written);
    return written;
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
