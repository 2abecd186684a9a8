import { createHash, randomUUID } from 'node:crypto';
import { close, fsync, open as openFile, write } from 'node:fs';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { link, lstat, mkdir, open, opendir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { KEPT_DAMAGED, MAXIMUM_PHOTO_BYTES } from './limits.ts';
import { PhotoDamaged, requireLength } from './photo-damaged.ts';
import type { PhotoIdentity } from './photo-damaged.ts';
import { photoName, sha256OfPhotoName } from './photo-name.ts';
import type { Announcement, OpenPhoto, PhotoSource, PhotoStore, StoredPhoto } from './photo-store.ts';
import { openThumbnail, sealThumbnail } from './sealed-thumbnail.ts';
import { release, verifiedPhoto, verifyPhoto } from './verified-photo.ts';
import { provedAtOnceBytes, provenStream, requirePhoto } from './whole-photo.ts';

/** A file or folder is there and can't be read; other errors say nothing of it. */
const UNREADABLE = new Set(['EIO', 'EACCES', 'EPERM']);

/**
 * Photos as files of one folder: `photos/ab/cd/<sha256>`, `thumbnails/ab/cd/<sha256>.webp`, `incoming/` for what is being written,
 * and `damaged/` for what was found in the place of photos.
 * The folder is made when first written to. A file is flushed to the disk before it gets its name.
 */
export class FolderPhotoStore implements PhotoStore {
  readonly #photos: string;
  readonly #thumbnails: string;
  readonly #incoming: string;
  readonly #damaged: string;

  constructor(folder: string) {
    this.#photos = resolve(folder, 'photos');
    this.#thumbnails = resolve(folder, 'thumbnails');
    this.#incoming = resolve(folder, 'incoming');
    this.#damaged = resolve(folder, 'damaged');
  }

  async has(sha256: string): Promise<boolean> {
    return (await unlessAbsent(stat(this.path(sha256)))) !== null;
  }

  async compare(photo: PhotoIdentity): Promise<boolean> {
    const stats = await reading(photo, stat(this.path(photo.sha256)));
    if (stats === null) return false;
    requireFile(photo, stats);
    return true;
  }

  async put(bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#write(this.path(sha256), bytes);
    return sha256;
  }

  async receive(sha256: string, source: PhotoSource, announcement: Announcement): Promise<void> {
    try {
      const path = this.path(sha256);
      if (source instanceof Uint8Array) {
        verifyPhoto(sha256, source, announcement);
        await this.#write(path, source);
      } else {
        await this.#write(path, verifiedPhoto(sha256, source, announcement));
      }
    } finally {
      release(source);
    }
  }

  async open(photo: PhotoIdentity): Promise<OpenPhoto | null> {
    const file = await this.#openFile(photo);
    if (file === null) return null;
    if (photo.bytes > provedAtOnceBytes) {
      const pieces = file.createReadStream({ highWaterMark: PIECE_BYTES });
      return { stream: provenStream(photo, pieces, (error) => unreadable(photo, error)), bytes: photo.bytes };
    }
    try {
      const bytes = await reading(photo, fillFrom(photo, file, Buffer.allocUnsafe(photo.bytes)));
      if (bytes === null) return null;
      requirePhoto(photo, bytes);
      return { stream: Readable.from([bytes], { objectMode: false }), bytes: photo.bytes };
    } finally {
      await file.close();
    }
  }

  async read(photo: PhotoIdentity, memory: (bytes: number) => Buffer | null): Promise<Buffer | null> {
    const file = await this.#openFile(photo);
    if (file === null) return null;
    try {
      const target = memory(photo.bytes);
      if (target === null) return null;
      const bytes = await reading(photo, fillFrom(photo, file, target));
      if (bytes !== null) requirePhoto(photo, bytes);
      return bytes;
    } finally {
      await file.close();
    }
  }

  /**
   * It is moved first and looked at then: whoever puts the photo at the same time has it stand, or finds it put back.
   */
  async setAside(photo: PhotoIdentity): Promise<boolean> {
    const path = this.path(photo.sha256);
    const apart = join(this.#damaged, `${new Date().toISOString().replaceAll(':', '-')}-${photo.sha256}`);
    const moved = await unlessAbsent(makingFolder(apart, async () => await rename(path, apart)).then(() => true));
    if (moved === null) return false;
    if (await isWhole(photo, apart)) {
      await unlessThere(link(apart, path));
      await rm(apart, { force: true });
      return false;
    }
    await rm(this.#thumbnailPath(photo.sha256), { recursive: true, force: true });
    const kept = (await readdir(this.#damaged)).toSorted();
    for (const name of kept.slice(0, -KEPT_DAMAGED)) await rm(join(this.#damaged, name), { recursive: true, force: true });
    return true;
  }

  path(sha256: string): string {
    return join(this.#photos, photoName(sha256));
  }

  async remove(sha256: string): Promise<void> {
    await Promise.all([rm(this.path(sha256), { force: true }), rm(this.#thumbnailPath(sha256), { force: true })]);
  }

  async *list(): AsyncGenerator<StoredPhoto, void, undefined> {
    for await (const path of filesBelow(this.#photos)) {
      const sha256 = sha256OfPhotoName(path.slice(this.#photos.length + 1).replaceAll(sep, '/'));
      const stats = sha256 === null ? null : await unlessAbsent(stat(path));
      if (sha256 !== null && stats !== null) yield { sha256, modifiedDate: stats.mtime, bytes: stats.size };
    }
  }

  async readThumbnail(sha256: string): Promise<Uint8Array | null> {
    try {
      return openThumbnail(sha256, await readFile(this.#thumbnailPath(sha256)));
    } catch (error) {
      if (isOneOf(error, [...UNREADABLE, 'ENOENT', 'EISDIR'])) return null;
      throw error;
    }
  }

  async writeThumbnail(sha256: string, bytes: Uint8Array): Promise<void> {
    const path = this.#thumbnailPath(sha256);
    // A folder could not be overwritten.
    if ((await unlessAbsent(stat(path)))?.isDirectory()) await rm(path, { recursive: true, force: true });
    await this.#write(path, sealThumbnail(sha256, bytes));
  }

  async check(): Promise<void> {
    const temporary = this.#temporaryPath();
    try {
      await writeDurably(temporary, Buffer.from('check'));
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async sweepTemporary(before: Date): Promise<number> {
    let swept = 0;
    for await (const path of filesBelow(this.#incoming)) {
      const stats: Stats | null = await unlessAbsent(stat(path));
      if (stats === null || stats.mtimeMs > before.getTime()) continue;
      await rm(path, { force: true });
      swept += 1;
    }
    return swept;
  }

  /** Writes also what is there already: it costs little, renews the file's date, and mends a file that rotted on the disk. */
  async #write(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const temporary = this.#temporaryPath();
    try {
      await writeDurably(temporary, content);
      await makingFolder(path, async () => await rename(temporary, path));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await flushFolder(dirname(path));
  }

  async #openFile(photo: PhotoIdentity): Promise<FileHandle | null> {
    const file = await reading(photo, open(this.path(photo.sha256)));
    if (file === null) return null;
    try {
      requireFile(photo, await file.stat());
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  #temporaryPath(): string {
    return join(this.#incoming, randomUUID());
  }

  #thumbnailPath(sha256: string): string {
    return join(this.#thumbnails, `${photoName(sha256)}.webp`);
  }
}

const PIECE_BYTES = 256 * 1024;

async function fillFrom(photo: PhotoIdentity, file: FileHandle, target: Buffer): Promise<Buffer> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await file.read(target, at, target.length - at, at);
    if (bytesRead === 0) requireLength(photo, at);
    at += bytesRead;
  }
  return target;
}

function requireFile(photo: PhotoIdentity, stats: Stats): void {
  if (!stats.isFile()) throw new PhotoDamaged(photo.sha256, 'no-file', 'what is in its place is no file');
  requireLength(photo, stats.size);
}

async function isWhole(photo: PhotoIdentity, path: string): Promise<boolean> {
  const stats = await lstat(path);
  if (!stats.isFile() || stats.size !== photo.bytes || stats.size > MAXIMUM_PHOTO_BYTES) return false;
  return (
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex') === photo.sha256
  );
}

/** Null for a file that isn't there. Throws PhotoDamaged for one that can't be read. */
async function reading<T>(photo: PhotoIdentity, action: Promise<T>): Promise<T | null> {
  try {
    return await unlessAbsent(action);
  } catch (error) {
    throw unreadable(photo, error);
  }
}

function unreadable({ sha256 }: PhotoIdentity, error: unknown): unknown {
  if (isOneOf(error, ['EISDIR', 'ELOOP', 'ENXIO'])) return new PhotoDamaged(sha256, 'no-file', 'what is in its place is no file', error);
  return isOneOf(error, UNREADABLE) ? new PhotoDamaged(sha256, 'unreadable', 'its file can not be read', error) : error;
}

/** Plain descriptors: file handles took a third of the main thread's time for a photo's few steps. */
const files = { open: promisify(openFile), write: promisify(write), sync: promisify(fsync), close: promisify(close) };

async function writeDurably(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  const file = await makingFolder(path, async () => await files.open(path, 'wx', 0o640));
  try {
    if (content instanceof Uint8Array) await writeAll(file, content);
    else for await (const piece of content) await writeAll(file, piece);
    await files.sync(file);
  } finally {
    await files.close(file);
  }
}

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await files.write(file, bytes, at, bytes.byteLength - at, null);
    at += bytesWritten;
  }
}

/** Without it a power loss could take back the new name, though not the bytes. Windows can't flush folders, and needn't. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await files.open(path, 'r');
  try {
    await files.sync(folder);
  } finally {
    await files.close(folder);
  }
}

/** Tries first, as the folder is nearly always there. */
async function makingFolder<T>(path: string, action: () => Promise<T>): Promise<T> {
  const done = await unlessAbsent(action().then((value) => ({ value })));
  if (done !== null) return done.value;
  await mkdir(dirname(path), { recursive: true });
  return await action();
}

async function* filesBelow(folder: string): AsyncGenerator<string, void, undefined> {
  const entries = await unlessAbsent(opendir(folder));
  if (entries === null) return;
  for await (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

async function unlessAbsent<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isOneOf(error, ['ENOENT'])) return null;
    throw error;
  }
}

async function unlessThere(promise: Promise<void>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!isOneOf(error, ['EEXIST'])) throw error;
  }
}

function isOneOf(error: unknown, codes: Iterable<string>): boolean {
  return error instanceof Error && 'code' in error && [...codes].includes(String(error.code));
}
