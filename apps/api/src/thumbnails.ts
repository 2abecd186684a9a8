import type { Request, Response } from 'express';
import { buffer } from 'node:stream/consumers';
import { PhotoDamaged } from '@dossier/photos/photo-damaged.ts';
import type { PhotoIdentity } from '@dossier/photos/photo-damaged.ts';
import type { PhotoStore } from '@dossier/photos/photo-store.ts';
import { makeThumbnail } from '@dossier/photos/photo.ts';
import { notFound } from '@dossier/runtime/errors.ts';

/** A photo's bytes never change under its address, so whoever has them need not ask again. */
export function setImmutable(response: Response, tag: string): void {
  response.set({ ETag: `"${tag}"`, 'Cache-Control': 'private, max-age=31536000, immutable', 'Content-Disposition': 'inline' });
}

/** Whether the asker has the bytes, also when asking for a fresh copy: there is none fresher. */
export function hasFresh(request: Request, tag: string): boolean {
  const known = (request.get('if-none-match') ?? '').split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return known.includes(`"${tag}"`) || known.includes('*');
}

/** Sends the bytes of a thumbnail. */
export function sendThumbnailBytes(
  request: Request,
  response: Response,
  { sha256, thumbnail }: { sha256: string; thumbnail: Uint8Array },
): void {
  const tag = `${sha256}-thumbnail`;
  setImmutable(response, tag);
  if (hasFresh(request, tag)) response.status(304).end();
  else response.type('image/webp').send(Buffer.from(thumbnail));
}

/** Sends the thumbnail of a photo that perhaps nothing shows any more, or yet; NOT_FOUND if the store doesn't have it, which is no fault. */
export async function sendFormerThumbnail(
  store: PhotoStore,
  photo: PhotoIdentity,
  { request, response }: { request: Request; response: Response },
) {
  const thumbnail = (await store.readThumbnail(photo.sha256)) ?? (await makeFormerThumbnail(store, photo));
  if (thumbnail === null) throw notFound(`photo ${photo.sha256} in the photo store (any more, or not yet)`);
  sendThumbnailBytes(request, response, { sha256: photo.sha256, thumbnail });
}

async function makeFormerThumbnail(store: PhotoStore, photo: PhotoIdentity): Promise<Uint8Array | null> {
  try {
    const opened = await store.open(photo);
    return opened && (await makeThumbnail(await buffer(opened.stream)));
  } catch (error) {
    if (error instanceof PhotoDamaged) return null;
    throw error;
  }
}
