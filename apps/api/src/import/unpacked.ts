import { Readable } from 'node:stream';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { readHead } from './head.ts';

const gzipMark = '1f8b08';
const zstdMark = '28b52ffd';
/** Codings of HTTP (RFC 9110, section 8.4). */
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** The bytes without a coding of HTTP. Throws UNSUPPORTED_MEDIA_TYPE for one that isn't known. */
export function decodeContent(source: AsyncIterable<Uint8Array>, coding: string): AsyncIterable<Uint8Array> {
  if (coding === 'identity') return source;
  const decoder = decoders[coding];
  if (decoder === undefined) {
    throw new ApplicationError(
      'UNSUPPORTED_MEDIA_TYPE',
      `The body is packed as ${JSON.stringify(coding.slice(0, 40))}, which isn't known here.`,
      {
        remedy: `Send it as it is, or packed as one of ${Object.keys(decoders).join(', ')}.`,
      },
    );
  }
  return through(source, decoder());
}

/** The bytes of a file, unpacked where it is a gzip or Zstandard file. */
export async function unpack(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const { head, all } = await readHead(source, 4);
  const mark = head.toString('hex', 0, 4);
  if (mark.startsWith(gzipMark)) return through(all, createGunzip());
  return mark === zstdMark ? through(all, createZstdDecompress()) : all;
}

async function* through(source: AsyncIterable<Uint8Array>, decoder: Transform): AsyncGenerator<Uint8Array> {
  let fault: unknown = null;
  const packed = Readable.from(source).on('error', (error) => {
    fault = error;
    decoder.destroy(error);
  });
  try {
    yield* packed.pipe(decoder) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (fault !== null) throw fault;
    throw new ApplicationError('BAD_PARAM', "The packed file is damaged or breaks off; it can't be unpacked to its end.", { cause: error });
  } finally {
    packed.destroy();
    decoder.destroy();
  }
}
