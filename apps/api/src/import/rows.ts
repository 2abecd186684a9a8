import type { ParsedLine } from './parse-line.ts';

/** What a file says in a row: its fields by the names of their columns, or the text of a row that has none. */
export type Given = Readonly<Record<string, unknown>> | string;

/** A row of an import file, by the number of the line where it begins: what it says, or why it is refused. */
export type ImportRow = {
  readonly number: number;
  /** Length of its text: bounds how much of a file is in memory. */
  readonly characters: number;
  readonly parsed: ParsedLine | { readonly fault: string };
  /** The row as it was given, for people to correct it. */
  readonly given: () => Given;
};

export const notUtf8 = 'is not valid UTF-8';
