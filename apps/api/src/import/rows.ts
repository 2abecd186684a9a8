import { readLines } from './lines.ts';
import { parseLine } from './parse-line.ts';
import type { ParsedLine } from './parse-line.ts';

/** A line of an import file, by its number from 1: what it says, or why it is refused. */
export type ImportRow = {
  readonly number: number;
  /** Length of its text: bounds how much of a file is in memory. */
  readonly characters: number;
  readonly parsed: ParsedLine | { readonly fault: string };
};

/** The rows of a JSONL file, a chunk's worth at a time. */
export async function* readJsonlRows(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImportRow[]> {
  for await (const chunk of readLines(source)) {
    yield chunk.map((line) =>
      'fault' in line
        ? { number: line.number, characters: 0, parsed: line }
        : { number: line.number, characters: line.text.length, parsed: parseLine(line.text) },
    );
  }
}
