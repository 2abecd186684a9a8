import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PhotoContent } from '@dossier/domain/photo.ts';

/** Photos that a benchmark makes: their bytes are pseudo-random behind the first bytes of a JPEG, since nothing here decodes them. */
export function benchPhoto(seed: string, bytes: number): { content: PhotoContent; data: Buffer } {
  const data = Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
    createHash('shake256', { outputLength: bytes - 4 })
      .update(seed)
      .digest(),
  ]);
  const sha256 = createHash('sha256').update(data).digest('hex');
  return { content: { sha256, width: 64, height: 64, bytes, mediaType: 'image/jpeg', features: null }, data };
}

/**
 * A small set of photos in each of the folders: the rows of a benchmark refer to them, and both nodes hold them from the start. The peers
 * carry no files, so that rows are compared with rows.
 */
export async function sharePhotos(count: number, mediaRoots: readonly string[]): Promise<PhotoContent[]> {
  const photos: PhotoContent[] = [];
  for (let number = 0; number < count; number += 1) {
    const { content, data } = benchPhoto(`shared ${number}`, 600);
    for (const root of mediaRoots) await storePhoto(root, content.sha256, data);
    photos.push(content);
  }
  return photos;
}

/** Puts a file where a node's photo folder has it. */
export async function storePhoto(mediaRoot: string, sha256: string, data: Uint8Array): Promise<void> {
  const path = join(mediaRoot, 'photos', sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, data);
}
