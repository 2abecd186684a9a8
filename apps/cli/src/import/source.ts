import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExitError } from '@dossier/runtime/errors.ts';
import { openPhotoFolder } from '@dossier/api/import/photo-folder.ts';
import type { PhotoFolder } from '@dossier/api/import/photo-folder.ts';

/** The file as it is read, for the progress. */
export interface Source {
  readonly totalBytes: number | null;
  readonly readBytes: () => number;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/** Opens the file to be imported, `-` being standard input. Throws ExitError if it can't be read. */
export async function openSource(file: string, workingDirectory: string): Promise<Source> {
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

/** The folder of the photos, or null if none was named. Throws ExitError if it is not there. */
export async function openFolder(folder: string | undefined, workingDirectory: string): Promise<PhotoFolder | null> {
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

/** What the name of a file says of it; its content counts first. */
export function formatOfName(file: string): 'jsonl' | 'csv' | undefined {
  const [extension] = /\.[a-z]+$/i.exec(file.replace(/\.(gz|zst)$/i, '')) ?? [''];
  if (/^\.(csv|tsv|tab)$/i.test(extension)) return 'csv';
  return /^\.(jsonl|ndjson|json)$/i.test(extension) ? 'jsonl' : undefined;
}
