import { readLines, tooLong } from './lines.ts';
import type { Line } from './lines.ts';
import { parseLine } from './parse-line.ts';
import type { LineReader } from './parse-line.ts';
import { notUtf8 } from './rows.ts';
import type { ImportRow } from './rows.ts';

/** The rows of a file with one JSON object a line, a chunk's worth at a time. Blank lines are none. */
export async function* readJsonlRows(source: AsyncIterable<Uint8Array>, reader: LineReader): AsyncGenerator<ImportRow[]> {
  for await (const lines of readLines(source)) yield lines.flatMap((line) => readRow(line, reader) ?? []);
}

function readRow({ number, text, isUtf8, isTooLong }: Line, reader: LineReader): ImportRow | null {
  const given = (): string => text;
  if (isTooLong) return { number, characters: 0, parsed: { fault: tooLong }, given };
  if (!isUtf8) return { number, characters: text.length, parsed: { fault: notUtf8 }, given };
  const trimmed = text.trim();
  return trimmed === '' ? null : { number, characters: text.length, parsed: parseLine(trimmed, reader), given };
}
