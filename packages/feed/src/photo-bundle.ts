import type { GuardedPhotos } from '@dossier/photos/guarded-photos.ts';
import { photosAnswerBytes, photosLineBytes } from '@dossier/protocol/photos.ts';
import type { PhotosLine } from '@dossier/protocol/photos.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { listShownPhotos } from './shown-photos.ts';
import type { ShownPhoto } from './shown-photos.ts';
import { BlockPool } from './block-pool.ts';

/** An answer with several photos. Its memory is used again after `giveBack`; without that it is left to the collection of garbage. */
export interface PhotoBundle {
  body: Buffer;
  giveBack(): void;
}

const blocks = new BlockPool({ bytes: photosLineBytes + photosAnswerBytes, mostFree: 24 });

/** The answer to a question for several photos of a list (protocol/photos.ts): of those that the dossiers show as which they were asked for. */
export async function bundlePhotos(
  { database, photos }: { database: Database; photos: GuardedPhotos },
  listId: number,
  asked: readonly ShownPhoto[],
): Promise<PhotoBundle> {
  const shown = await listShownPhotos(database, listId, asked);
  const block = blocks.take();
  const line: PhotosLine = { photos: [] };
  // The line comes before the photos and is known after them.
  let end = photosLineBytes;
  for (const sha256 of new Set(asked.map((photo) => photo.sha256))) {
    let isLeft = false;
    const length = shown.get(sha256);
    const photo =
      length === undefined
        ? null
        : await photos.read({ sha256, bytes: length }, (bytes) => {
            isLeft = bytes > block.length - end;
            return isLeft ? null : block.subarray(end, end + bytes);
          });
    if (isLeft) continue;
    line.photos.push({ sha256, bytes: photo?.length ?? null });
    end += photo?.length ?? 0;
  }
  const written = Buffer.from(`${JSON.stringify(line)}\n`);
  const begin = photosLineBytes - written.copy(block, photosLineBytes - written.length);
  return { body: block.subarray(begin, end), giveBack: () => blocks.giveBack(block) };
}
