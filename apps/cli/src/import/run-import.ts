import { basename, resolve } from 'node:path';
import { recordListReads } from '@dossier/accounts/reads.ts';
import { openPhotoStore } from '@dossier/photos/open-photo-store.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { requireWritable } from '@dossier/registry/read-only.ts';
import { createWatchList, deleteWatchList, readWatchList } from '@dossier/registry/watch-lists.ts';
import { accessDatabase } from '../database-access.ts';
import { hostActor } from '../host-actor.ts';
import { interruption } from '../interruption.ts';
import { note, progressLine } from '../output.ts';
import { printable } from '../printable.ts';
import { importFailure } from './failure.ts';
import { importFile } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';
import type { Reading } from '@dossier/api/import/columns.ts';
import { keepImport } from '@dossier/api/import/kept-import.ts';
import { formatOfName, openFile } from '@dossier/api/import/open-file.ts';
import type { ImportRow } from '@dossier/api/import/rows.ts';
import type { Survey } from '@dossier/api/import/survey.ts';
import { writeRefused } from './refused.ts';
import { printReport, progressText, unknownColumns } from './report.ts';
import { openInput } from './source.ts';

/** What is imported where: into an existing list by its id, or into a new one by its name. */
export interface Target {
  readonly listId: number | null;
  readonly name: string | null;
  readonly file: string;
}

export interface ImportRequest {
  readonly target: Target;
  readonly photos: string | undefined;
  /** How the file is read where its content doesn't say it. */
  readonly encoding: string | undefined;
  readonly delimiter: string | undefined;
  readonly reading: Reading;
  /** Where the refused lines are written to. */
  readonly refused: string | undefined;
  /** True: nothing is done, only said what would be. */
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly configuration: Configuration;
  /** Relative paths start here. */
  readonly workingDirectory: string;
}

/** Imports a file on this host's database and photos, shows progress, prints the report and sets the exit code. */
export async function runImport(request: ImportRequest): Promise<void> {
  const { configuration, target, workingDirectory } = request;
  const logger = createLogger({ level: 'warn', name: 'import', pretty: prefersPretty() });
  const input = await openInput(target.file, request.photos, workingDirectory);
  const { source, folder } = input;
  const { encoding: charset, delimiter, reading } = request;
  const file = await openFile(input.people(), { format: formatOfName(input.name), charset, delimiter, reading });
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
    const task = { database: access.database, store, folder, signal, progress: show };
    const rows = announce(file.rows, file.survey, reading);
    if (request.dryRun) {
      await importFile({ ...task, listId: list.id, rows, preview: true }, report);
      await recordListReads(access.database, hostActor(), { kind: 'page', lists: [list.id] });
    } else {
      const kept = {
        ...task,
        list,
        actor: hostActor(),
        file: { ...file, rows },
        name: basename(target.file),
        reading,
        canBeTakenBack: configuration.binDays > 0,
      };
      const uuid = await keepImport(kept, report).catch(async (error: unknown) => {
        if (target.name !== null && !holdsSomething(report)) await deleteWatchList(access.database, list.id).catch(() => undefined);
        throw error;
      });
      if (request.refused !== undefined) await writeRefused(access.database, uuid, resolve(workingDirectory, request.refused));
    }
    progress.end();
    // A file in which nothing can be used makes no list either.
    const kept = target.listId !== null || holdsSomething(report);
    if (!kept) await deleteWatchList(access.database, list.id);
    const seconds = (performance.now() - startedAt) / 1000;
    const { dryRun, json } = request;
    printReport({ list: kept ? list : null, file, reading, report, seconds, dryRun, interrupted: interrupted.signal.aborted }, json);
    process.exitCode = report.refused > 0 || interrupted.signal.aborted ? 1 : 0;
  } catch (error) {
    progress.end();
    throw importFailure(error, report, access.url);
  } finally {
    interrupted.release();
    await access.close();
    await input.close();
  }
}

/** Says before the first row is written which columns are none of a dossier. */
async function* announce(rows: AsyncIterable<ImportRow[]>, survey: Survey, reading: Reading): AsyncGenerator<ImportRow[]> {
  let isFirst = true;
  for await (const chunk of rows) {
    const said = isFirst && chunk.length > 0 ? unknownColumns(survey, reading) : null;
    if (said !== null) note(said);
    isFirst &&= chunk.length === 0;
    yield chunk;
  }
}

function holdsSomething({ lines, refused }: ImportReport): boolean {
  return lines > refused;
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
