import { basename } from 'node:path';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { mostRemembered } from '@dossier/registry/history.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { createWatchList, deleteWatchList, readWatchList } from '@dossier/registry/watch-lists.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { accessDatabase } from '../database-access.ts';
import { hostActor } from '../host-actor.ts';
import { interruption } from '../interruption.ts';
import { note, progressLine } from '../output.ts';
import { printable } from '../printable.ts';
import { importFailure } from './failure.ts';
import { importFile } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';
import { openFile } from '@dossier/api/import/open-file.ts';
import { printReport, progressText } from './report.ts';
import { formatOfName, openFolder, openSource } from './source.ts';

/** What is imported where: into an existing list by its id, or into a new one by its name. */
export interface Target {
  readonly listId: number | null;
  readonly name: string | null;
  readonly file: string;
}

export interface ImportRequest {
  readonly target: Target;
  readonly photos: string | undefined;
  readonly json: boolean;
  readonly configuration: Configuration;
  /** Relative paths start here. */
  readonly workingDirectory: string;
}

/** Imports a file on this host's database and photos, shows progress, prints the report and sets the exit code. */
export async function runImport(request: ImportRequest): Promise<void> {
  const { configuration, target, workingDirectory } = request;
  const logger = createLogger({ level: 'warn', name: 'import', pretty: prefersPretty() });
  const source = await openSource(target.file, workingDirectory);
  const folder = await openFolder(request.photos, workingDirectory);
  const { format, rows } = await openFile(source.stream(), { format: formatOfName(target.file) });
  const access = await accessDatabase(configuration, logger, {
    applicationName: 'dossier import',
    migrations: 'embedded',
    poolSize: 4,
  });
  const report: ImportReport = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
  const interrupted = interruption();
  const progress = progressLine();
  const startedAt = performance.now();
  try {
    const list = await openList(access.database, target);
    const record = recorderOf(access.database, list, { file: basename(target.file), format });
    // Batches are committed one by one: that it was begun is kept before the first of them, what came of it after the last.
    const auditId = await record({ state: 'begun' });
    let toBeAnnounced = target.name !== null;
    const show = (): void => {
      if (toBeAnnounced && holdsSomething(report)) {
        toBeAnnounced = false;
        progress.end();
        note(`Made watch list ${list.id}; if this is interrupted, go on with: dossier import ${list.id} ${printable(target.file)}`);
      }
      progress.update(progressText(report, source, performance.now() - startedAt));
    };
    const store = openPhotoStore(configuration.mediaRoot);
    const { signal } = interrupted;
    const origin = { auditId, room: mostRemembered, canBeTakenBack: configuration.binDays > 0 };
    const task = { database: access.database, store, listId: list.id, origin, rows, folder, signal, progress: show };
    await importFile(task, report).catch(async (error: unknown) => {
      // What ended the import may keep this from being recorded, too; it is what has to be told.
      await record({ state: 'broken-off', ...countsOf(report) }).catch(() => undefined);
      if (target.name !== null && !holdsSomething(report)) await deleteWatchList(access.database, list.id).catch(() => undefined);
      throw error;
    });
    await record({ state: interrupted.signal.aborted ? 'broken-off' : 'done', ...countsOf(report) });
    progress.end();
    // A file in which nothing can be used makes no list either.
    const kept = target.listId !== null || holdsSomething(report);
    if (!kept) await deleteWatchList(access.database, list.id);
    const seconds = (performance.now() - startedAt) / 1000;
    printReport({ list: kept ? list : null, format, report, seconds, interrupted: interrupted.signal.aborted }, request.json);
    process.exitCode = report.refused > 0 || interrupted.signal.aborted ? 1 : 0;
  } catch (error) {
    progress.end();
    throw importFailure(error, report, access.url);
  } finally {
    interrupted.release();
    await access.close();
  }
}

/** Keeps in the audit what becomes of an import; returns the entry's id. */
function recorderOf(database: Database, { id, name }: { id: number; name: string }, facts: object): (details: object) => Promise<number> {
  return (details) =>
    recordAudit(database, hostActor(), {
      action: 'dossiers-imported',
      object: { kind: 'watch-list', id, name },
      details: { ...facts, ...details },
    });
}

function holdsSomething({ lines, refused }: ImportReport): boolean {
  return lines > refused;
}

function countsOf({ added, changed, unchanged, refused }: ImportReport) {
  return { added, changed, unchanged, refused };
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
