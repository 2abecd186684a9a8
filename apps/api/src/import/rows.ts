import type { ParsedLine } from './parse-line.ts';

/** A row of an import file, by the number of the line where it begins: what it says, or why it is refused. */
export type ImportRow = {
  readonly number: number;
  /** Length of its text: bounds how much of a file is in memory. */
  readonly characters: number;
  readonly parsed: ParsedLine | { readonly fault: string };
};

export const notUtf8 = 'is not valid UTF-8';
