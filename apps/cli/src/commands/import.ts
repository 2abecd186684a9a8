import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import { transaction } from '@dossier/store/database.ts';
import type { Database } from '@dossier/store/database.ts';
import { requireWritable } from '@dossier/store/read-only.ts';
import { createWatchList, deleteWatchList, readWatchList } from '@dossier/store/watch-lists.ts';
import { parseId } from '../arguments.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import { accessDatabase } from '../database-access.ts';
import { importFailure } from '../import/failure.ts';
import { importFile } from '../import/import-file.ts';
import type { ImportReport } from '../import/import-file.ts';
import { openPhotoFolder } from '../import/photo-folder.ts';
import type { PhotoFolder } from '../import/photo-folder.ts';
import { printReport, progressText } from '../import/report.ts';
import { interruption } from '../interruption.ts';
import { note, progressLine } from '../output.ts';

interface ImportOptions {
  name?: string;
  photos?: string;
  json?: boolean;
}

/** What is imported where: an existing list by its id, or a new one by its name. */
interface Target {
  readonly listId: number | null;
  readonly name: string | null;
  readonly file: string;
}

/** `dossier import LIST FILE`, `dossier import FILE --name NAME` */
export function addImport(program: Command, context: Context): void {
  const command = program
    .command('import')
    .description('imports dossiers (JSONL, one JSON object a line) into a watch list of this host')
    .usage('[options] LIST FILE\n       dossier import [options] --name NAME FILE')
    .argument('[list]', 'id of the watch list; left out with --name')
    .argument('[file]', 'the JSONL file, - for standard input')
    .option('--name <name>', 'make a new watch list of this name')
    .option('--photos <dir>', 'folder that the paths in "photo" and "photos" start from')
    .option('--json', 'print the report with all refused lines as JSON')
    .addHelpText(
      'after',
      `
Keys of a line: name (required), external_id, comment, active, meta, photo, photos; others are passed over.
A known external_id is updated and joins the list; what a line leaves out keeps its value. photo or photos, where given
(also null or []), is the whole set of the dossier's photos. A line without external_id is a new dossier each time.
Lines are written in batches, each whole or not at all, so an interrupted import can simply be run again.
Exit code 1 if lines were refused; the others are imported then.`,
    )
    .action(async (first: string | undefined, second: string | undefined, options: ImportOptions) => {
      const target = targetOf(first, second, options.name);
      const { configuration } = configurationOf(command, context);
      const logger = createLogger({ level: 'warn', name: 'import', pretty: prefersPretty() });
      const source = await openSource(target.file, context.workingDirectory);
      const folder = await openFolder(options.photos, context.workingDirectory);
      const access = await accessDatabase(configuration, logger, {
        applicationName: 'dossier import',
        migrations: 'embedded',
        poolSize: 2,
      });
      const report: ImportReport = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
      const interrupted = interruption();
      const progress = progressLine();
      const startedAt = performance.now();
      try {
        const list = await openList(access.database, target);
        if (target.name !== null)
          note(`Made watch list ${list.id}; if this is interrupted, go on with: dossier import ${list.id} ${target.file}`);
        const show = (): void => progress.update(progressText(report, source, performance.now() - startedAt));
        await importFile(
          {
            database: access.database,
            store: openPhotoStore(configuration.mediaRoot),
            listId: list.id,
            source: source.stream(),
            folder,
            signal: interrupted.signal,
            progress: show,
          },
          report,
        );
        progress.end();
        // A file in which nothing can be used makes no list either.
        const kept = target.listId !== null || report.lines > report.refused;
        if (!kept) await deleteWatchList(access.database, list.id);
        printReport(
          { list: kept ? list : null, report, seconds: (performance.now() - startedAt) / 1000, interrupted: interrupted.signal.aborted },
          options.json ?? false,
        );
        process.exitCode = report.refused > 0 || interrupted.signal.aborted ? 1 : 0;
      } catch (error) {
        progress.end();
        throw importFailure(error, report, access.url);
      } finally {
        interrupted.release();
        await access.close();
      }
    });
}

function targetOf(first: string | undefined, second: string | undefined, name: string | undefined): Target {
  if (first === undefined) throw new ExitError(2, 'LIST and FILE are missing.', { remedy: '"dossier import --help" says how.' });
  if (name !== undefined) {
    if (second !== undefined) throw new ExitError(2, 'Give either LIST or --name: a new watch list has no id yet.');
    const length = Array.from(name).length;
    if (length < 1 || length > 256) throw new ExitError(2, '--name must have 1 to 256 characters.');
    return { listId: null, name, file: first };
  }
  if (second === undefined)
    throw new ExitError(2, 'LIST or FILE is missing.', {
      remedy: 'Give the id of a watch list before the file, or make a new one with --name NAME.',
    });
  try {
    return { listId: parseId(first), name: null, file: second };
  } catch {
    throw new ExitError(2, `LIST ${JSON.stringify(first)} is no id.`, {
      remedy: 'Give the id of a watch list, or make a new one with --name NAME.',
    });
  }
}

/** The file as it is read, for the progress. */
export interface Source {
  readonly totalBytes: number | null;
  readonly readBytes: () => number;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

async function openSource(file: string, workingDirectory: string): Promise<Source> {
  if (file === '-') return { totalBytes: null, readBytes: () => 0, stream: () => process.stdin };
  const path = resolve(workingDirectory, file);
  const status = await stat(path).catch((error: unknown) => {
    throw unreadable('The file', path, error);
  });
  if (status.isDirectory()) throw new ExitError(1, `${path} is a folder, not a file. Nothing was imported.`);
  const stream = createReadStream(path, { highWaterMark: 256 * 1024 });
  // Opened before anything is written, so that a file that can't be read changes nothing.
  await new Promise<void>((opened, failed) => {
    stream.once('open', () => opened());
    stream.once('error', (error) => failed(unreadable('The file', path, error)));
  });
  return { totalBytes: status.isFile() ? status.size : null, readBytes: () => stream.bytesRead, stream: () => stream };
}

async function openFolder(folder: string | undefined, workingDirectory: string): Promise<PhotoFolder | null> {
  if (folder === undefined) return null;
  const path = resolve(workingDirectory, folder);
  const status = await stat(path).catch((error: unknown) => {
    throw unreadable('The folder of the photos', path, error);
  });
  if (!status.isDirectory()) throw new ExitError(1, `${path} is no folder. Nothing was imported.`);
  return openPhotoFolder(path);
}

function unreadable(what: string, path: string, error: unknown): ExitError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const reason =
    code === 'ENOENT' ? 'is not there' : code === 'EACCES' ? "can't be read: permission denied" : `can't be read (${String(code)})`;
  return new ExitError(1, `${what} ${path} ${reason}. Nothing was imported.`, { cause: error });
}

async function openList(database: Database, { listId, name }: Target): Promise<{ id: number; name: string }> {
  if (listId !== null) {
    const list = await readWatchList(database, listId);
    await transaction(database, requireWritable);
    return { id: list.id, name: list.name };
  }
  await transaction(database, requireWritable);
  const made = await createWatchList(database, { name: name ?? '', comment: '', color: '', active: true });
  return { id: made.id, name: made.name };
}
