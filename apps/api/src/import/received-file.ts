import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import multer from 'multer';
import { fileTypeFromBuffer } from 'file-type';
import { maximumImportBytes, maximumUploadBytes } from '@dossier/protocol/import.ts';
import { ApplicationError, badParam } from '@dossier/runtime/errors.ts';
import { readStream } from '../stream-body.ts';
import { readHead } from './head.ts';
import { tooLarge } from './open-file.ts';
import { openPhotoFolder, PhotoFault, relativeTo } from './photo-folder.ts';
import type { PhotoFolder } from './photo-folder.ts';
import { isZip, openZip } from './zip-file.ts';
import type { ZipFile } from './zip-file.ts';

/** A file of people that was sent, with the photos that came along. */
export interface ReceivedFile {
  /** As the file is called, where that was said. */
  readonly name: string | null;
  readonly source: AsyncIterable<Uint8Array>;
  /** Null where no photos came along. */
  readonly photos: PhotoFolder | null;
  /** Gives back what it took. */
  close(): Promise<void>;
}

const zipHeadBytes = 4100;
const mostFiles = 20_000;
/** Names of files and folders. */
const pathCharacters = 4096;

/**
 * Takes the body of an import: a file of people by itself, which is read as it comes; a zip of such a file and photos; or a form (multipart/form-data) with the
 * file in `file` and, in `photos`, the photos by their paths, or zips of them. Zips and forms are kept in the folder for temporary files until `close`.
 */
export async function receiveFile(request: Request, response: Response): Promise<ReceivedFile> {
  if (/^\s*multipart\/form-data\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return receiveForm(request, response);
  const { head, all } = await readHead(readStream(request, response, maximumUploadBytes), zipHeadBytes);
  if ((await fileTypeFromBuffer(head))?.ext === 'zip') return receiveZip(all);
  if (Number(request.headers['content-length'] ?? 0) > maximumImportBytes) throw tooLarge(maximumImportBytes);
  return { name: null, source: all, photos: null, close: () => Promise.resolve() };
}

/** A folder for what is received, which `close` removes together with what was opened in it. */
class Shelf {
  readonly folder: string;
  readonly #opened: ZipFile[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Shelf> {
    return new Shelf(await mkdtemp(join(tmpdir(), 'dossier-import-')));
  }

  async openZip(path: string): Promise<ZipFile> {
    const zip = await openZip(path);
    this.#opened.push(zip);
    return zip;
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((zip) => zip.close()));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** What `make` gives, or nothing of it is left. */
  async orNothing<Made>(make: () => Promise<Made>): Promise<Made> {
    try {
      return await make();
    } catch (error) {
      await this.close();
      throw error;
    }
  }
}

async function receiveZip(source: AsyncIterable<Uint8Array>): Promise<ReceivedFile> {
  const shelf = await Shelf.make();
  return shelf.orNothing(async () => {
    const path = join(shelf.folder, 'whole');
    await pipeline(source, createWriteStream(path));
    return fromZip(await shelf.openZip(path), shelf);
  });
}

function fromZip({ people, photos }: ZipFile, shelf: Shelf): ReceivedFile {
  if (people === null) {
    throw new ApplicationError('UNSUPPORTED_MEDIA_TYPE', 'The zip holds no file of people. Nothing was imported.', {
      remedy: 'Put a file of JSON Lines, JSON or CSV beside the photos in it, or send that and the photos each by themselves.',
    });
  }
  return { name: people.name, source: people.source(), photos, close: () => shelf.close() };
}

async function receiveForm(request: Request, response: Response): Promise<ReceivedFile> {
  const shelf = await Shelf.make();
  return shelf.orNothing(async () => {
    const parts = await readForm(request, response, shelf.folder);
    const file = parts.find(({ fieldname }) => fieldname === 'file');
    if (file === undefined) throw badParam('file', 'file: is required: the file of people, as a part of the form.');
    const photos = await openPhotos(
      parts.filter(({ fieldname }) => fieldname === 'photos'),
      shelf,
    );
    if (await isZip(file.path)) {
      const whole = fromZip(await shelf.openZip(file.path), shelf);
      return { ...whole, photos: photos === null || whole.photos === null ? whole.photos : firstOf([photos, whole.photos]) };
    }
    if (file.size > maximumImportBytes) throw tooLarge(maximumImportBytes);
    const name = file.originalname.split(/[\\/]/).at(-1) ?? '';
    return { name: name === '' ? null : name, source: createReadStream(file.path), photos, close: () => shelf.close() };
  });
}

/** Puts the files of a form into the folder. */
async function readForm(request: Request, response: Response, folder: string): Promise<Express.Multer.File[]> {
  const body = Readable.from(readStream(request, response, maximumUploadBytes));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  body.once('error', reject);
  const options = {
    storage: multer.diskStorage({ destination: folder }),
    limits: { files: mostFiles, fields: 20, fieldSize: 1024, headerPairs: 50, fieldNameSize: 100 },
    preservePath: true,
    defParamCharset: 'utf8',
    streamHandler: (_request: Request, parser: NodeJS.WritableStream) => body.pipe(parser),
  };
  const fields = [{ name: 'file', maxCount: 1 }, { name: 'photos' }];
  multer(options).fields(fields)(request, response, (error: unknown) => {
    if (error === undefined || error === null) resolve();
    else reject(badParam('file', `The form can't be read: ${error instanceof Error ? error.message : 'it breaks off'}.`));
  });
  await promise;
  const files = request.files ?? {};
  return Object.values(files).flat();
}

/** Photos by the paths that the form gives them, and in zips. */
async function openPhotos(parts: readonly Express.Multer.File[], shelf: Shelf): Promise<PhotoFolder | null> {
  if (parts.length === 0) return null;
  const zips = await Promise.all(parts.filter(({ originalname }) => /\.zip$/i.test(originalname)).map(({ path }) => shelf.openZip(path)));
  const kept = await openPhotoFolder(shelf.folder);
  const files = new Map<string, string>();
  for (const { originalname, filename } of parts) {
    const name = nameOf(originalname);
    files.set(name, filename);
    // A folder that was chosen stands before the paths in it.
    const below = name.slice(name.indexOf('/') + 1);
    if (!files.has(below)) files.set(below, filename);
  }
  const sent: PhotoFolder = {
    async read(path) {
      const filename = files.get(nameOf(relativeTo(path.replaceAll('\\', '/'))));
      if (filename === undefined) throw new PhotoFault('is not there');
      return kept.read(filename);
    },
  };
  return firstOf([sent, ...zips.map(({ photos }) => photos)]);
}

function nameOf(path: string): string {
  return path.slice(0, pathCharacters).replaceAll('\\', '/').normalize();
}

/** A folder of several: the photo of the first that has it. */
function firstOf(folders: readonly PhotoFolder[]): PhotoFolder {
  return {
    async read(path) {
      let fault: unknown = new PhotoFault('is not there');
      for (const folder of folders) {
        try {
          return await folder.read(path);
        } catch (error) {
          if (!(error instanceof PhotoFault)) throw error;
          fault = error;
        }
      }
      throw fault;
    },
  };
}
