import { isUtf8 } from 'node:buffer';

/** A line of a file, by its number from 1: its text, or why it has none. Blank lines are left out. */
export type Line = { readonly number: number; readonly text: string } | { readonly number: number; readonly fault: string };

export const maximumLineBytes = 1024 * 1024;

const newline = 0x0a;
const tooLong = `is longer than ${maximumLineBytes} bytes`;

/**
 * Cuts a stream of bytes into lines (LF or CRLF, UTF-8 with or without a byte order mark), a chunk's worth at a time. Memory is
 * bounded: a line over `maximumLineBytes` is passed over without being kept, and one that is no UTF-8 doesn't harm the others.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  /** The line that `rest` would belong to is too long already. */
  let skipping = false;
  for await (const piece of source) {
    const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const end = chunk.lastIndexOf(newline);
    if (end === -1) {
      skipping ||= rest.length + chunk.length > maximumLineBytes;
      rest = skipping ? Buffer.alloc(0) : Buffer.concat([rest, chunk]);
      continue;
    }
    let whole = Buffer.concat([rest, chunk.subarray(0, end)]);
    const lines: Line[] = [];
    if (skipping) {
      const first = whole.indexOf(newline);
      number += 1;
      lines.push({ number, fault: tooLong });
      whole = first === -1 ? Buffer.alloc(0) : whole.subarray(first + 1);
      skipping = false;
      if (first !== -1) number = cut(whole, number, lines);
    } else {
      number = cut(whole, number, lines);
    }
    rest = Buffer.from(chunk.subarray(end + 1));
    if (lines.length > 0) yield lines;
  }
  const last: Line[] = [];
  if (skipping) last.push({ number: number + 1, fault: tooLong });
  else cut(rest, number, last);
  if (last.length > 0) yield last;
}

/** Adds the lines of `bytes`, which follow line `before`, and returns the number of the last one. */
function cut(bytes: Buffer, before: number, lines: Line[]): number {
  let number = before;
  if (isUtf8(bytes)) {
    for (const text of bytes.toString('utf8').split('\n')) {
      number += 1;
      add(text, number, lines);
    }
    return number;
  }
  for (let start = 0; start <= bytes.length;) {
    const found = bytes.indexOf(newline, start);
    const end = found === -1 ? bytes.length : found;
    number += 1;
    const line = bytes.subarray(start, end);
    if (isUtf8(line)) add(line.toString('utf8'), number, lines);
    else lines.push({ number, fault: invalidEncoding(line) });
    start = end + 1;
  }
  return number;
}

function add(line: string, number: number, lines: Line[]): void {
  // A byte order mark at the beginning is no content; white space includes the CR of a CRLF.
  const text = (number === 1 && line.startsWith('\uFEFF') ? line.slice(1) : line).trim();
  if (text === '') return;
  // A character has at most three bytes per UTF-16 unit, so short texts need no counting.
  if (text.length * 3 > maximumLineBytes && Buffer.byteLength(text) > maximumLineBytes) lines.push({ number, fault: tooLong });
  else lines.push({ number, text });
}

function invalidEncoding(line: Buffer): string {
  const mark = line.subarray(0, 2).toString('hex');
  return mark === 'fffe' || mark === 'feff' ? 'is UTF-16; save the file as UTF-8' : 'is not valid UTF-8';
}
