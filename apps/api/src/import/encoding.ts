import { isUtf8 } from 'node:buffer';
import { analyse } from 'chardet';
import { ApplicationError } from '@dossier/runtime/errors.ts';

/** Of 100. Names in Cyrillic come to about 25, a few letters of any script to 10. */
const leastConfidence = 20;
/** Keys and delimiters tell nothing. */
const foreignWord = /[A-Za-z]*[\u0080-\u00ff]+[A-Za-z\u0080-\u00ff]*/g;
const utf8Mark = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The charset of a text that begins so: by the mark of its byte order, else as declared, else by the places of the bytes that are zero in UTF-16, else UTF-8.
 * Throws UNSUPPORTED_MEDIA_TYPE for one that can't be decoded.
 */
export function charsetOf(head: Buffer, declared: string | undefined): string {
  if (/^(fffe0000|0000feff)/.test(head.toString('hex', 0, 4))) throw unknown('UTF-32');
  const mark = head.toString('hex', 0, 2);
  if (mark === 'fffe') return 'utf-16le';
  if (mark === 'feff') return 'utf-16be';
  if (head.subarray(0, 3).equals(utf8Mark)) return 'utf-8';
  if (declared === undefined) return utf16Of(head) ?? 'utf-8';
  try {
    return new TextDecoder(declared).encoding;
  } catch {
    throw unknown(declared);
  }
}

function unknown(charset: string): ApplicationError {
  return new ApplicationError(
    'UNSUPPORTED_MEDIA_TYPE',
    `The file is in ${charset.slice(0, 40)}, which can't be read. Nothing was imported.`,
    {
      remedy: 'Save it as UTF-8.',
    },
  );
}

/** Letters of most scripts leave one byte of two zero only where all are Latin; delimiters, quotes and digits are in every file. */
function utf16Of(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const zeros = [0, 0];
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (odd > head.length / 20 && even * 10 < odd) return 'utf-16le';
  return even > head.length / 20 && odd * 10 < even ? 'utf-16be' : null;
}

/** The bytes as UTF-8, without the mark of a byte order. What isn't UTF-8 and not said to be anything else stays as it is. */
export async function* toUtf8(source: AsyncIterable<Uint8Array>, charset: string): AsyncGenerator<Uint8Array> {
  if (charset === 'utf-8') {
    yield* withoutMark(source);
    return;
  }
  const decoder = new TextDecoder(charset);
  for await (const piece of source) yield Buffer.from(decoder.decode(piece, { stream: true }));
  yield Buffer.from(decoder.decode());
}

async function* withoutMark(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first: Buffer | null = Buffer.alloc(0);
  for await (const piece of source) {
    if (first === null) {
      yield piece;
      continue;
    }
    first = Buffer.concat([first, piece]);
    if (first.length < utf8Mark.length) continue;
    yield first.subarray(0, 3).equals(utf8Mark) ? first.subarray(3) : first;
    first = null;
  }
  if (first !== null) yield first;
}

/** What a text that isn't UTF-8 is likely to be in, for people to be told; null for UTF-8, and where nothing is likely. */
export function likelyCharset(head: Buffer): string | null {
  // The last character may be cut.
  if (isUtf8(head) || isUtf8(head.subarray(0, head.lastIndexOf(0x0a) + 1))) return null;
  const words = head.toString('latin1').match(foreignWord) ?? [];
  const [likely] = analyse(Buffer.from(words.join(' '), 'latin1'));
  return likely === undefined || likely.name === 'UTF-8' || likely.confidence < leastConfidence ? null : likely.name;
}
