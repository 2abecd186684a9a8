import { createHash } from 'node:crypto';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { inspectPhoto } from '@dossier/photos/photo.ts';
import { PhotoRefused } from '@dossier/photos/photo-refused.ts';
import type { PhotoFolder } from './photo-folder.ts';
import { PhotoFault } from './photo-folder.ts';

/** As many photos are decoded side by side: libuv has four threads. */
const concurrency = 4;

/** The photos of a line, each once, or why it is refused. */
export type TakenPhotos = { readonly photos: readonly PhotoContent[] | undefined } | { readonly fault: string };

/** Where photos come from and go to. */
export interface PhotoSource {
  readonly folder: PhotoFolder | null;
  /** Null: they are only looked at. `note` is called before a photo is put, so that its bytes are found should no row come to show it. */
  readonly keep: { readonly store: PhotoStore; readonly note: (sha256: string) => Promise<void> } | null;
}

/**
 * Inspects the photos that lines name and keeps them in the store, a few at a time; one result per line, in their order. The
 * caller keeps the collector of unreferenced photos away meanwhile.
 */
export async function takePhotos(
  lines: readonly { readonly photoPaths: readonly string[] | undefined }[],
  source: PhotoSource,
): Promise<TakenPhotos[]> {
  const results: TakenPhotos[] = lines.map(() => ({ photos: undefined }));
  const queue = lines.entries();
  const work = async (): Promise<void> => {
    for (const [index, { photoPaths }] of queue) {
      if (photoPaths !== undefined) results[index] = await takeLine(photoPaths, source);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return results;
}

async function takeLine(paths: readonly string[], { folder, keep }: PhotoSource): Promise<TakenPhotos> {
  const photos = new Map<string, PhotoContent>();
  for (const path of paths) {
    if (folder === null)
      return {
        fault: `names the photo ${shown(path)}, but no photos were given with the file (a folder or a zip; "dossier import --photos")`,
      };
    try {
      const bytes = await folder.read(path);
      const { mediaType, width, height } = await inspectPhoto(bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await keep?.note(sha256);
      await keep?.store.put(bytes);
      photos.set(sha256, { sha256, width, height, bytes: bytes.byteLength, mediaType, features: null });
    } catch (error) {
      if (error instanceof PhotoFault) return { fault: `the photo ${shown(path)} ${error.message}` };
      if (error instanceof PhotoRefused) return { fault: `the photo ${shown(path)}: ${error.message}` };
      throw error;
    }
  }
  return { photos: [...photos.values()] };
}

function shown(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path);
}
