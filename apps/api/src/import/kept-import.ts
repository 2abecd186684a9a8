import { randomUUID } from 'node:crypto';
import type { Actor } from '@dossier/accounts/audit.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { beginImport, keepRefusals, mostKeptRefusals, noteImport } from '@dossier/accounts/imports.ts';
import type { ImportState } from '@dossier/accounts/imports.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { keepReserve } from '@dossier/postgres/disk-reserve.ts';
import { mostRemembered } from '@dossier/registry/history.ts';
import { importFile } from './import-file.ts';
import type { ImportReport, ImportTask, RefusedRow } from './import-file.ts';
import type { Reading } from './columns.ts';
import type { OpenedFile } from './open-file.ts';

/** An import that is to be remembered: who does it, and what people said of the file. */
export interface KeptImport extends Omit<ImportTask, 'rows' | 'preview' | 'origin' | 'listId' | 'takeRefused'> {
  readonly list: { readonly id: number; readonly name: string };
  readonly actor: Actor;
  readonly file: OpenedFile;
  /** As the file is called. */
  readonly name: string | null;
  readonly reading: Reading;
  /** Chosen by who asks, so that the import can be followed and isn't done twice; made up otherwise. */
  readonly uuid?: string | undefined;
  /** Whether what it changes is kept as it was before. */
  readonly canBeTakenBack: boolean;
}

/** Of the refused rows that are kept, together. */
const keptCharacters = 32 * 1024 * 1024;
const heardMs = 1000;

/**
 * Imports a file as importFile does, and keeps in the audit and in the history of imports that it was begun, how far it is and what came of it; returns its
 * uuid. CONFLICT for a uuid that was used before.
 */
export async function keepImport(kept: KeptImport, report: ImportReport): Promise<string> {
  const { database, list, file, signal } = kept;
  await keepReserve(database);
  const uuid = kept.uuid ?? randomUUID();
  const auditId = await begin(kept, uuid);
  const note = (state: ImportState): Promise<void> => noteImport(database, uuid, { state, ...countsOf(report, file) });
  let heardAt = performance.now();
  const progress = async (): Promise<void> => {
    await kept.progress(report);
    if (performance.now() - heardAt < heardMs) return;
    heardAt = performance.now();
    await note('running');
  };
  const takeRefused = keeperOf(database, uuid);
  const task = {
    ...kept,
    listId: list.id,
    rows: file.rows,
    origin: { auditId, room: mostRemembered, canBeTakenBack: kept.canBeTakenBack },
    progress,
    takeRefused,
  };
  const end = (state: 'done' | 'broken-off'): Promise<void> =>
    transaction(database, async (tx) => {
      await noteImport(tx, uuid, { state, ...countsOf(report, file) });
      await recordEntry(tx, kept, { import: uuid, state, ...sumsOf(report) });
    });
  await importFile(task, report).catch(async (error: unknown) => {
    // What ended the import may keep this from being recorded, too; it is what has to be told.
    await end('broken-off').catch(() => undefined);
    throw error;
  });
  await end(signal.aborted ? 'broken-off' : 'done');
  return uuid;
}

/** Batches are committed one by one: that it was begun is kept before the first of them. */
async function begin(kept: KeptImport, uuid: string): Promise<number> {
  const { database, list, actor, file, name, reading } = kept;
  return transaction(database, async (tx) => {
    const auditId = await recordEntry(tx, kept, { import: uuid, state: 'begun' });
    const { format, charset, delimiter } = file;
    await beginImport(tx, {
      uuid,
      auditId,
      list,
      actor,
      file: name,
      reading: { format, encoding: charset, delimiter, columns: reading.columns, unknown: reading.unknown },
    });
    return auditId;
  });
}

function recordEntry(connection: Database, { list, actor, file, name }: KeptImport, details: object): Promise<number> {
  return recordAudit(connection, actor, {
    action: 'dossiers-imported',
    object: { kind: 'watch-list', id: list.id, name: list.name },
    details: { ...(name !== null && { file: name }), format: file.format, ...details },
  });
}

/** The counts of a report that the audit tells. */
export function sumsOf({ added, changed, unchanged, refused }: ImportReport) {
  return { added, changed, unchanged, refused };
}

function countsOf(report: ImportReport, { survey }: OpenedFile) {
  return { lines: report.lines, ...sumsOf(report), scientificIds: survey.scientific.count, repeatedIds: survey.repeated.count };
}

/** Keeps refused rows until there are too many. */
function keeperOf(database: Database, uuid: string): (rows: readonly RefusedRow[]) => Promise<void> {
  let rowsLeft = mostKeptRefusals;
  let charactersLeft = keptCharacters;
  return async (rows) => {
    const refusals = [];
    for (const { line, reason, given } of rows.slice(0, rowsLeft)) {
      const text = JSON.stringify(given());
      charactersLeft -= text.length;
      if (charactersLeft < 0) break;
      refusals.push({ line, reason, given: text });
    }
    rowsLeft -= refusals.length;
    await keepRefusals(database, uuid, refusals);
  };
}
