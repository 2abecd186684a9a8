import { createHash } from 'node:crypto';

const sealBytes = 32;

/** A thumbnail as it is kept: its bytes, and a hash that binds them to the photo. Decoders pass over what follows a WebP image. */
export function sealThumbnail(sha256: string, thumbnail: Uint8Array): Buffer {
  return Buffer.concat([thumbnail, sealOf(sha256, thumbnail)]);
}

/** The thumbnail that was kept for the photo; null for anything else, as one of another photo, or one that was changed or cut. */
export function openThumbnail(sha256: string, kept: Uint8Array): Uint8Array | null {
  const thumbnail = kept.subarray(0, Math.max(0, kept.byteLength - sealBytes));
  return sealOf(sha256, thumbnail).equals(kept.subarray(thumbnail.byteLength)) ? thumbnail : null;
}

function sealOf(sha256: string, thumbnail: Uint8Array): Buffer {
  return createHash('sha256').update(`thumbnail of ${sha256}\n`).update(thumbnail).digest();
}
