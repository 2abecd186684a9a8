import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ExitError } from '@dossier/runtime/errors.ts';
import { isZip, openZip } from '@dossier/api/import/zip-file.ts';
import { openPhotoFolder } from '@dossier/api/import/photo-folder.ts';
import type { PhotoFolder } from '@dossier/api/import/photo-folder.ts';

/** The file as it is read, for the progress. */
interface Source {
  readonly totalBytes: number | null;
  readonly readBytes: () => number;
  readonly stream: () => AsyncIterable<Uint8Array>;
}

/** What is imported: people, and where their photos are. */
export interface Input {
  /** As the file of people is called. */
  readonly name: string;
  readonly source: Pick<Source, 'totalBytes' | 'readBytes'>;
  readonly people: () => AsyncIterable<Uint8Array>;
  readonly folder: PhotoFolder | null;
  close(): Promise<void>;
}

/** Opens the file of people, or a zip of such a file and photos, and the photos, which may be a folder or a zip. Throws ExitError where that can't be. */
export async function openInput(file: string, photos: string | undefined, workingDirectory: string): Promise<Input> {
  const path = resolve(workingDirectory, file);
  const given = photos === undefined ? null : await openPhotos(photos, workingDirectory);
  if (file === '-' || !(await isZip(path))) {
    const source = await openSource(file, workingDirectory);
    return { name: file, source, people: source.stream, folder: given?.folder ?? null, close: async () => given?.close() };
  }
  const zip = await openZip(path);
  if (zip.people === null) throw new ExitError(1, `${path} holds no file of people. Nothing was imported.`);
  const close = async (): Promise<void> => {
    await Promise.all([zip.close(), given?.close()]);
  };
  const source = { totalBytes: null, readBytes: () => 0 };
  return { name: zip.people.name, source, people: zip.people.source, folder: given?.folder ?? zip.photos, close };
}

async function openPhotos(photos: string, workingDirectory: string): Promise<{ folder: PhotoFolder; close: () => Promise<void> }> {
  const path = resolve(workingDirectory, photos);
  if (!(await isZip(path))) return { folder: await openFolder(photos, workingDirectory), close: () => Promise.resolve() };
  const zip = await openZip(path);
  return { folder: zip.photos, close: () => zip.close() };
}

/** Opens the file to be imported, `-` being standard input. Throws ExitError if it can't be read. */
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

/** The folder of the photos. Throws ExitError if it is not there. */
async function openFolder(folder: string, workingDirectory: string): Promise<PhotoFolder> {
  const path = resolve(workingDirectory, folder);
  const status = await stat(path).catch((error: unknown) => {
    throw unreadable('The folder of the photos', path, error);
  });
  if (!status.isDirectory()) throw new ExitError(1, `${path} is no folder and no zip. Nothing was imported.`);
  return openPhotoFolder(path);
}

function unreadable(what: string, path: string, error: unknown): ExitError {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  const reason =
    code === 'ENOENT' ? 'is not there' : code === 'EACCES' ? "can't be read: permission denied" : `can't be read (${String(code)})`;
  return new ExitError(1, `${what} ${path} ${reason}. Nothing was imported.`, { cause: error });
}
