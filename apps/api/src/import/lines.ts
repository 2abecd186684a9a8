import { isUtf8 } from 'node:buffer';

/** A line of a file, blank ones included. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end. A line that isn't valid UTF-8 has a character for each of its bytes (Latin-1). Empty where the line is too long. */
  readonly text: string;
  /** LF, CRLF or CR; empty behind the last line. */
  readonly end: string;
  readonly isUtf8: boolean;
  readonly isTooLong: boolean;
}

export const maximumLineBytes = 1024 * 1024;
export const tooLong = `is longer than ${maximumLineBytes} bytes`;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const lineEnd = /(\r\n|\n|\r)/;
const nothing = Buffer.alloc(0);
/** So many bytes make few enough lines at once, however short these are. */
const pieceBytes = 16 * 1024;

/**
 * Cuts a stream of bytes into lines, a chunk's worth at a time; files that were put together have several kinds of line ends. Memory is bounded: a line over
 * `maximumLineBytes` is passed over without being kept, and one that is no UTF-8 doesn't harm the others.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let before = 0;
  let rest: Buffer = nothing;
  /** The line that `rest` belongs to is too long already. */
  let skipping = false;
  for await (const piece of inPieces(source)) {
    const bytes = Buffer.concat([rest, piece]);
    const end = endOfLines(bytes);
    if (end > 0) {
      const lines = cut(bytes.subarray(0, end), { before, skipping });
      before += lines.length;
      skipping = false;
      yield lines;
    }
    // Copied, so that what was read isn't kept for it.
    rest = Buffer.from(bytes.subarray(end));
    if (rest.length <= maximumLineBytes + 1) continue;
    skipping = true;
    rest = rest.at(-1) === carriageReturn ? rest.subarray(-1) : nothing;
  }
  if (rest.length > 0 || skipping) yield cut(rest, { before, skipping });
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.byteLength; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes);
  }
}

/** Where the last whole line ends. A CR at the very end may be half of a CRLF. */
function endOfLines(bytes: Buffer): number {
  return Math.max(bytes.lastIndexOf(lineFeed), bytes.length < 2 ? -1 : bytes.lastIndexOf(carriageReturn, bytes.length - 2)) + 1;
}

/** The lines of `bytes`, which follow line `before`. With `skipping`, the first of them is the end of one that is too long. */
function cut(bytes: Buffer, { before, skipping }: { before: number; skipping: boolean }): Line[] {
  const valid = isUtf8(bytes);
  const parts = bytes.toString(valid ? 'utf8' : 'latin1').split(lineEnd);
  const lines: Line[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const text = parts[at] ?? '';
    const end = parts[at + 1] ?? '';
    // Behind the last line end no line begins.
    if (text === '' && end === '' && !(skipping && at === 0)) continue;
    const number = before + lines.length + 1;
    if ((skipping && at === 0) || isLong(text, valid)) lines.push({ number, text: '', end, isUtf8: true, isTooLong: true });
    else lines.push({ number, end, isTooLong: false, ...(valid ? { text, isUtf8: true } : decode(text)) });
  }
  return lines;
}

/** A character has at most three bytes per UTF-16 unit, so short texts need no counting. */
function isLong(text: string, valid: boolean): boolean {
  if (!valid) return text.length > maximumLineBytes;
  return text.length * 3 > maximumLineBytes && Buffer.byteLength(text) > maximumLineBytes;
}

function decode(latin1: string): { text: string; isUtf8: boolean } {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? { text: bytes.toString('utf8'), isUtf8: true } : { text: latin1, isUtf8: false };
}
