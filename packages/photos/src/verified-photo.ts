import { createHash, hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { MAXIMUM_PHOTO_BYTES } from './limits.ts';
import type { Announcement, PhotoSource } from './photo-store.ts';
import { PhotoMismatch } from './photo-store.ts';

/**
 * Passes a photo's bytes on as they come, the last of them only if all were the announced ones: else it throws PhotoMismatch, so that nobody ever has a
 * wrong photo whole. Throws the signal's reason as soon as it is aborted, also while the source is silent.
 */
export async function* verifiedPhoto(
  sha256: string,
  source: AsyncIterable<Uint8Array>,
  announcement: Announcement,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = source instanceof Readable ? source : Readable.from(source);
  try {
    requireAllowed(sha256, announcement);
    const hashing = createHash('sha256');
    let bytes = 0;
    let held: Uint8Array | null = null;
    for await (const chunk of untilAborted(stream, announcement.signal)) {
      if (chunk.byteLength === 0) continue;
      bytes += chunk.byteLength;
      requireNoMore(sha256, bytes, announcement);
      hashing.update(chunk);
      if (held !== null) yield held;
      held = chunk;
    }
    requireWhole(sha256, { bytes, hash: () => hashing.digest('hex') }, announcement);
    if (held !== null) yield held;
  } finally {
    stream.destroy();
  }
}

/** Throws what {@link verifiedPhoto} throws, of a photo that is here as a whole. */
export function verifyPhoto(sha256: string, bytes: Uint8Array, announcement: Announcement): void {
  requireAllowed(sha256, announcement);
  announcement.signal?.throwIfAborted();
  requireNoMore(sha256, bytes.byteLength, announcement);
  requireWhole(sha256, { bytes: bytes.byteLength, hash: () => hash('sha256', bytes) }, announcement);
}

function requireAllowed(sha256: string, { bytes }: Announcement): void {
  if (bytes <= MAXIMUM_PHOTO_BYTES) return;
  throw new PhotoMismatch(sha256, `was announced with ${bytes} bytes, more than the ${MAXIMUM_PHOTO_BYTES} a photo may have`);
}

function requireNoMore(sha256: string, bytes: number, announced: Announcement): void {
  if (bytes > announced.bytes) throw new PhotoMismatch(sha256, `has more than the announced ${announced.bytes} bytes`);
}

function requireWhole(sha256: string, arrived: { bytes: number; hash: () => string }, announced: Announcement): void {
  if (arrived.bytes < announced.bytes) {
    throw new PhotoMismatch(sha256, `ended after ${arrived.bytes} of the announced ${announced.bytes} bytes`);
  }
  const actual = arrived.hash();
  if (actual !== sha256) throw new PhotoMismatch(sha256, `arrived with the hash ${actual}`);
}

/** Lets go of a source that was perhaps never begun to be read. */
export function release(source: PhotoSource): void {
  if (source instanceof Readable) source.destroy();
}

async function* untilAborted(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  if (signal === undefined) {
    yield* stream;
    return;
  }
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const iterator: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted.promise]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
