import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { importFile } from '@dossier/api/import/import-file.ts';
import type { ImportReport } from '@dossier/api/import/import-file.ts';
import { openFile } from '@dossier/api/import/open-file.ts';
import { openPhotoFolder } from '@dossier/api/import/photo-folder.ts';
import type { EngineNode } from './engine.ts';

/** A file of the public data sets. Throws if they are not where DOSSIER_TEST_DATA says. */
export function realFile(...path: string[]): string {
  const folder = process.env['DOSSIER_TEST_DATA'];
  if (folder === undefined) throw new Error('DOSSIER_TEST_DATA must name the folder of the public data sets.');
  const file = join(folder, ...path);
  if (!existsSync(file)) throw new Error(`DOSSIER_TEST_DATA is set, but there is no ${file}.`);
  return file;
}

export function readLines(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

/** Imports lines into a list as `dossier import` does. */
export async function importLines(
  node: EngineNode,
  target: { listId: number; lines: readonly string[]; photos?: string },
): Promise<ImportReport> {
  const report: ImportReport = { lines: 0, added: 0, changed: 0, unchanged: 0, refused: 0, refusedLines: [] };
  const file = await openFile(Readable.from([Buffer.from(target.lines.map((line) => `${line}\n`).join(''))]), { format: 'jsonl' });
  await importFile(
    {
      database: node.database,
      store: node.photos,
      listId: target.listId,
      rows: file.rows,
      folder: target.photos === undefined ? null : await openPhotoFolder(target.photos),
      signal: new AbortController().signal,
      progress: () => undefined,
    },
    report,
  );
  return report;
}
