import { ZipWriter } from '@zip.js/zip.js';
import { readPhotos } from '@dossier/domain/photo.ts';
import { PhotoDamaged } from '@dossier/photos/photo-damaged.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import type { ExportedDossier } from '@dossier/registry/export.ts';
import { jsonLine } from './dossier-text.ts';

const endings: Readonly<Record<string, string>> = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' };

interface Photo {
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Dossiers with their photos as a zip that can be imported: `people.jsonl`, and below `photos/` each photo once, byte by byte. A photo that the store hasn't
 * is not named. Features of photos are left out. `comment` says in the archive itself where it is from, at most 65 KB. An error tears the zip, which then can't be read.
 */
export function zipDossiers(
  chunks: AsyncIterable<readonly ExportedDossier[]>,
  store: PhotoStore,
  { comment }: { comment: string },
): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const zip = new ZipWriter(writable, { useWebWorkers: false });
  const done = write(zip, chunks, store).then(() => zip.close(Buffer.from(comment)));
  done.catch(async (error: unknown) => {
    await writable.abort(error).catch(() => undefined);
  });
  return readable;
}

async function write(zip: ZipWriter<unknown>, chunks: AsyncIterable<readonly ExportedDossier[]>, store: PhotoStore): Promise<void> {
  const named = new Map<string, Photo>();
  const lines = ReadableStream.from(peopleOf(chunks, store, named));
  await zip.add('people.jsonl', lines);
  // Photos are packed already.
  for (const [path, photo] of named) {
    const bytes = await readPhoto(store, photo);
    if (bytes !== null) await zip.add(path, new Blob([bytes]).stream(), { level: 0 });
  }
}

async function* peopleOf(
  chunks: AsyncIterable<readonly ExportedDossier[]>,
  store: PhotoStore,
  named: Map<string, Photo>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const lines = await Promise.all(
      chunk.map(async (dossier) => {
        const paths: string[] = [];
        for (const { photo } of readPhotos({ photos: dossier.photos, features: null })) {
          const path = `photos/${photo.sha256}.${endings[photo.media_type] ?? 'bin'}`;
          if (!named.has(path) && !(await isThere(store, photo))) continue;
          named.set(path, { sha256: photo.sha256, bytes: photo.bytes });
          paths.push(path);
        }
        return jsonLine(dossier, paths);
      }),
    );
    yield Buffer.from(lines.join(''));
  }
}

async function isThere(store: PhotoStore, photo: Photo): Promise<boolean> {
  try {
    return await store.compare(photo);
  } catch (error) {
    if (error instanceof PhotoDamaged) return false;
    throw error;
  }
}

/** Null for what went away or turned out damaged since it was named: an import says so of those who should have it. */
async function readPhoto(store: PhotoStore, photo: Photo): Promise<Buffer<ArrayBuffer> | null> {
  try {
    const bytes = await store.read(photo, (length) => Buffer.alloc(length));
    return bytes === null ? null : Buffer.from(bytes);
  } catch (error) {
    if (error instanceof PhotoDamaged) return null;
    throw error;
  }
}
