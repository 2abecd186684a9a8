import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { PhotoDamaged, requireLength } from './photo-damaged.ts';
import type { PhotoIdentity } from './photo-damaged.ts';
import { PhotoMismatch } from './photo-store.ts';
import { verifiedPhoto } from './verified-photo.ts';

/** Photos up to this length are proved before the first byte is passed on, so that nobody is cut off in the middle. */
export const provedAtOnceBytes = 1024 * 1024;

/** Throws PhotoDamaged unless the bytes are the photo's. */
export function requirePhoto(photo: PhotoIdentity, bytes: Uint8Array): void {
  requireLength(photo, bytes.byteLength);
  const found = hash('sha256', bytes);
  if (found !== photo.sha256) throw otherContent(photo, found);
}

/**
 * The bytes of a stored photo as they are read. The last of them are passed on only once all were proved to be the photo's: else the stream ends with
 * PhotoDamaged, so that no reader ever has a wrong photo whole. `explain` says what an error of the source means.
 */
export function provenStream(photo: PhotoIdentity, source: Readable, explain: (error: unknown) => unknown): Readable {
  return streamOf(source, proven(photo, source, explain));
}

/** A stream of what is made of a source. The source is let go of with it, also when nobody began to read. */
export function streamOf(source: Readable, made: AsyncIterable<Uint8Array>): Readable {
  const stream = Readable.from(made, { objectMode: false });
  stream.once('close', () => source.destroy());
  return stream;
}

async function* proven(
  photo: PhotoIdentity,
  source: Readable,
  explain: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* verifiedPhoto(photo.sha256, source, { bytes: photo.bytes });
  } catch (error) {
    throw error instanceof PhotoMismatch ? otherContent(photo, error.message, error) : explain(error);
  }
}

function otherContent({ sha256 }: PhotoIdentity, found: string, cause?: unknown): PhotoDamaged {
  return new PhotoDamaged(sha256, 'content', `other bytes are in its place (${found})`, cause);
}
