import { sizeText } from '@dossier/domain/size.ts';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { configure, Reader, ZipReader } from '@zip.js/zip.js';
import type { FileEntry } from '@zip.js/zip.js';
import { fileTypeFromFile } from 'file-type';
import { MAXIMUM_PHOTO_BYTES } from '@dossier/photos/limits.ts';
import { isFileOfSystem, peopleFileNames } from '@dossier/protocol/import.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { PhotoFault, relativeTo } from './photo-folder.ts';
import type { PhotoFolder } from './photo-folder.ts';

/** A zip that is open: the file of people in it, if there is one, and the other files as photos. */
export interface ZipFile {
  readonly people: { readonly name: string; readonly source: () => AsyncIterable<Uint8Array> } | null;
  readonly photos: PhotoFolder;
  close(): Promise<void>;
}

configure({ useWebWorkers: false });

const mostEntries = 200_000;

/** Whether there is a file at the path that is a zip, and nothing that is made of one. */
export async function isZip(path: string): Promise<boolean> {
  const status = await stat(path).catch(() => null);
  return status?.isFile() === true && (await fileTypeFromFile(path))?.ext === 'zip';
}

/** Opens a zip on disk. BAD_PARAM for one that can't be read. */
export async function openZip(path: string): Promise<ZipFile> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const entries = await readEntries(new FileReader(handle, size));
    const [people] = [...entries].filter(([name]) => peopleFileNames.test(name)).toSorted(([a], [b]) => depthOf(a) - depthOf(b));
    const base = people === undefined ? '' : people[0].slice(0, people[0].lastIndexOf('/') + 1);
    return {
      people: people === undefined ? null : { name: people[0].slice(base.length), source: () => bytesOf(people[1]) },
      photos: folderOf(entries, base),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads from a file what is asked for. */
class FileReader extends Reader<FileHandle> {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, size: number) {
    super(handle);
    this.#handle = handle;
    this.size = size;
  }

  override async readUint8Array(index: number, length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(length), 0, length, index);
    return buffer.subarray(0, bytesRead);
  }
}

async function readEntries(reader: FileReader): Promise<Map<string, FileEntry>> {
  const entries = new Map<string, FileEntry>();
  try {
    for await (const entry of new ZipReader(reader, { useWebWorkers: false }).getEntriesGenerator()) {
      if (entry.directory || isFileOfSystem(entry.filename)) continue;
      if (entry.encrypted) throw unreadable('is locked by a password');
      entries.set(entry.filename.normalize().replaceAll('\\', '/'), entry);
      if (entries.size > mostEntries) throw unreadable(`has more than ${mostEntries} files`);
    }
  } catch (error) {
    if (error instanceof ApplicationError) throw error;
    throw unreadable('is damaged or breaks off', error);
  }
  return entries;
}

function unreadable(how: string, cause?: unknown): ApplicationError {
  return new ApplicationError('BAD_PARAM', `The zip ${how}; it can't be read. Nothing was imported.`, { cause });
}

function depthOf(name: string): number {
  return name.split('/').length;
}

async function* bytesOf(entry: FileEntry): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const written = entry.getData(writable, { useWebWorkers: false, checkSignature: true });
  written.catch(() => undefined);
  try {
    for await (const piece of readable) yield piece;
    await written;
  } catch (error) {
    throw unreadable(`holds ${JSON.stringify(entry.filename.slice(0, 80))} damaged`, error);
  }
}

/** The files of a zip by their paths: from the folder in which the file of people is, else from the top. */
function folderOf(entries: ReadonlyMap<string, FileEntry>, base: string): PhotoFolder {
  return {
    async read(path) {
      const relative = relativeTo(path.replaceAll('\\', '/')).normalize();
      const entry = entries.get(base + relative) ?? entries.get(relative);
      if (entry === undefined) throw new PhotoFault('is not there');
      if (entry.uncompressedSize > MAXIMUM_PHOTO_BYTES) {
        throw new PhotoFault(`has ${sizeText(entry.uncompressedSize)}; at most ${sizeText(MAXIMUM_PHOTO_BYTES)} are allowed`);
      }
      return readWhole(entry);
    },
  };
}

/** What a zip says of a length may be wrong. */
async function readWhole(entry: FileEntry): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of bytesOf(entry)) {
      bytes += piece.byteLength;
      if (bytes > MAXIMUM_PHOTO_BYTES) throw new PhotoFault(`has more than ${sizeText(MAXIMUM_PHOTO_BYTES)}`);
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof PhotoFault) throw error;
    throw new PhotoFault('is damaged in the zip', { cause: error });
  }
  return Buffer.concat(pieces);
}
