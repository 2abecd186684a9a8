import { createHash, randomUUID } from 'node:crypto';
import { close, fsync, open as openFile, write } from 'node:fs';
import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, opendir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { filterBounded } from './bounded.ts';
import { photoName, sha256OfPhotoName } from './photo-name.ts';
import type { Announcement, OpenPhoto, PhotoSource, PhotoStore, StoredPhoto } from './photo-store.ts';
import { release, verifiedPhoto, verifyPhoto } from './verified-photo.ts';

const LOOKUP_CONCURRENCY = 32;

/**
 * Photos as files of one folder: `photos/ab/cd/<sha256>`, `thumbnails/ab/cd/<sha256>.webp`, and `incoming/` for what is being written.
 * The folder is made when first written to. A file is flushed to the disk before it gets its name.
 */
export class FolderPhotoStore implements PhotoStore {
  readonly #photos: string;
  readonly #thumbnails: string;
  readonly #incoming: string;

  constructor(folder: string) {
    this.#photos = resolve(folder, 'photos');
    this.#thumbnails = resolve(folder, 'thumbnails');
    this.#incoming = resolve(folder, 'incoming');
  }

  async has(sha256: string): Promise<boolean> {
    return (await unlessAbsent(stat(this.path(sha256)))) !== null;
  }

  async missing(sha256s: readonly string[]): Promise<string[]> {
    return await filterBounded([...new Set(sha256s)], LOOKUP_CONCURRENCY, async (sha256) => !(await this.has(sha256)));
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

  async open(sha256: string): Promise<OpenPhoto | null> {
    const file = await unlessAbsent(open(this.path(sha256)));
    if (file === null) return null;
    try {
      const { size } = await file.stat();
      return { stream: file.createReadStream(), bytes: size };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(sha256: string, memory: (bytes: number) => Buffer | null): Promise<Buffer | null> {
    const file = await unlessAbsent(open(this.path(sha256)));
    if (file === null) return null;
    try {
      const target = memory((await file.stat()).size);
      return target && (await fillFrom(file, target));
    } finally {
      await file.close();
    }
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
    return await unlessAbsent(readFile(this.#thumbnailPath(sha256)));
  }

  async writeThumbnail(sha256: string, bytes: Uint8Array): Promise<void> {
    await this.#write(this.#thumbnailPath(sha256), bytes);
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

  #temporaryPath(): string {
    return join(this.#incoming, randomUUID());
  }

  #thumbnailPath(sha256: string): string {
    return join(this.#thumbnails, `${photoName(sha256)}.webp`);
  }
}

async function fillFrom(file: FileHandle, target: Buffer): Promise<Buffer> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await file.read(target, at, target.length - at, at);
    if (bytesRead === 0) throw new Error(`The file ends after ${at} of ${target.length} bytes.`);
    at += bytesRead;
  }
  return target;
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
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
