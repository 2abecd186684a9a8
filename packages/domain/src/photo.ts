import { canonicalJson } from './canonical-json.ts';
import type { Json } from './dossier.ts';

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

/** A photo as a row of a dossier holds it. */
export type StoredPhoto = {
  sha256: string;
  width: number;
  height: number;
  bytes: number;
  media_type: string;
  /** ISO 8601. */
  created_date: string;
};

/** A photo with its features, which a row keeps apart. */
export interface ShownPhoto {
  photo: StoredPhoto;
  features: string | null;
}

/** The photos of a dossier, the shown face first, from the texts that its row holds. What somebody wrote there by hand may be no array: no photos. */
export function readPhotos({ photos, features }: { photos: string; features: string | null }): ShownPhoto[] {
  const known = features === null ? [] : readArray<string | null>(features);
  return readArray<StoredPhoto>(photos).map((photo, index) => ({ photo, features: known[index] ?? null }));
}

function readArray<Item>(text: string): Item[] {
  const value = JSON.parse(text) as unknown;
  return Array.isArray(value) ? (value as Item[]) : [];
}

/** The texts in which a row holds photos, in canonical form; features are null where no photo has any. */
export function writePhotos(shown: readonly ShownPhoto[]): { photos: string; features: string | null } {
  return {
    photos: canonicalJson(shown.map(({ photo }): Json => photo)),
    features: shown.some(({ features }) => features !== null) ? canonicalJson(shown.map(({ features }) => features)) : null,
  };
}
