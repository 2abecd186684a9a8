import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { MAXIMUM_PHOTO_BYTES } from './limits.ts';
import type { Announcement } from './photo-store.ts';
import { PhotoMismatch } from './photo-store.ts';

/**
 * Passes a photo's bytes on as they come and ends only if they were the announced ones: throws PhotoMismatch before passing on a byte
 * too many, or instead of ending. Throws the signal's reason as soon as it is aborted, also while the source is silent.
 */
export async function* verifiedPhoto(
  sha256: string,
  source: AsyncIterable<Uint8Array>,
  announcement: Announcement,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = source instanceof Readable ? source : Readable.from(source);
  try {
    if (announcement.bytes > MAXIMUM_PHOTO_BYTES) {
      throw new PhotoMismatch(
        sha256,
        `was announced with ${announcement.bytes} bytes, more than the ${MAXIMUM_PHOTO_BYTES} a photo may have`,
      );
    }
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of untilAborted(stream, announcement.signal)) {
      bytes += chunk.byteLength;
      if (bytes > announcement.bytes) throw new PhotoMismatch(sha256, `has more than the announced ${announcement.bytes} bytes`);
      hash.update(chunk);
      yield chunk;
    }
    if (bytes < announcement.bytes) throw new PhotoMismatch(sha256, `ended after ${bytes} of the announced ${announcement.bytes} bytes`);
    const actual = hash.digest('hex');
    if (actual !== sha256) throw new PhotoMismatch(sha256, `arrived with the hash ${actual}`);
  } finally {
    stream.destroy();
  }
}

/** Lets go of a source that was perhaps never begun to be read. */
export function release(source: AsyncIterable<Uint8Array>): void {
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
