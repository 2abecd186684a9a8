/** What of a photo is content: its address, its measures and the opaque features that a recognition engine attached. */
export interface PhotoContent {
  /** SHA-256 of the photo's bytes, 64 lower-case hexadecimal digits. */
  sha256: string;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  bytes: number;
  mediaType: string;
  /** Base64, or null. */
  features: string | null;
}

/**
 * The canonical text of a dossier's photos: one line each, ordered by address. Its SHA-256 is the dossier's `photos_hash`; no
 * photos give an empty hash. The twin of photo_line() and photos_hash() in the store's migrations.
 */
export function photosText(photos: readonly PhotoContent[]): string {
  return photos
    .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
    .map((photo) => `${photo.sha256} ${photo.width} ${photo.height} ${photo.bytes} ${photo.mediaType} ${photo.features ?? ''}\n`)
    .join('');
}
