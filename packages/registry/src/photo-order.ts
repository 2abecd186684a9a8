import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { readPhotos } from '@dossier/domain/photo.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { withPhotos } from './dossier-content.ts';

/** The id of a photo of a dossier. */
export function photoId(dossier: number, sha256: string): string {
  return `${dossier}-${sha256}`;
}

/**
 * The content with its photos in another order, given by their ids; the first is the face. BAD_PARAM unless each photo is named once: an order never takes a
 * photo away that came meanwhile.
 */
export function orderPhotos(content: StoredContent, dossier: number, order: readonly string[]): StoredContent {
  const shown = new Map(readPhotos(content).map((each) => [photoId(dossier, each.photo.sha256), each]));
  const ordered = order.flatMap((id) => shown.get(id) ?? []);
  if (ordered.length !== order.length || new Set(order).size !== shown.size || order.length !== shown.size) {
    throw new ApplicationError('BAD_PARAM', `photos: an order names each photo of dossier ${dossier} once, and it has ${shown.size}.`, {
      param: 'photos',
      remedy: 'Read its photos again: some came or went meanwhile.',
    });
  }
  return withPhotos(content, ordered);
}
