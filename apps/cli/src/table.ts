import { printable } from './printable.ts';

/** A column of a table: its heading and what it shows of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string | number | null;
  /** Numbers stand at the right. */
  readonly right?: boolean;
}

const widestCell = 60;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
// East Asian wide letters and emoji take two columns of a terminal (Unicode Standard Annex #11).
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u;

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += wide.test(segment) ? 2 : 1;
  return width;
}

/** Rows under headings, separated by two spaces; no trailing spaces. Long cells are cut with an ellipsis. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [columns.map((column) => column.heading), ...rows.map((row) => columns.map((column) => show(column.value(row))))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  return cells
    .map((line) =>
      line
        .map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.right ?? false))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function show(value: string | number | null): string {
  const text = value === null ? '-' : printable(String(value));
  if (widthOf(text) <= widestCell) return text;
  let cut = '';
  let width = 1;
  for (const { segment } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > widestCell) break;
    cut += segment;
  }
  return `${cut}…`;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return right ? space + text : text + space;
}

/** Lines in a frame that can't be overlooked. */
export function box(lines: readonly string[]): string {
  const width = Math.max(...lines.map(widthOf));
  const edge = '─'.repeat(width + 4);
  return [`┌${edge}┐`, ...lines.map((line) => `│  ${pad(line, width, false)}  │`), `└${edge}┘`].join('\n');
}
