/** What a row is sorted by; nothing for a row that hasn't got it, which comes last. */
export type SortValue = string | number | null;

export interface SortColumn<Row> {
  /** How the address calls it: `name`, or `-name` for descending. */
  readonly key: string;
  readonly of: (row: Row) => SortValue;
}

/** How a column is sorted by what the address says; undefined if the rows are sorted by another one, or by none. */
export function directionOf(sort: string | undefined, key: string): 'ascending' | 'descending' | undefined {
  if (sort === key) return 'ascending';
  return sort === `-${key}` ? 'descending' : undefined;
}

/** What comes next when a heading is chosen: ascending, descending, as it was. */
export function sortAfter(sort: string | undefined, key: string): string | undefined {
  const direction = directionOf(sort, key);
  if (direction === undefined) return key;
  return direction === 'ascending' ? `-${key}` : undefined;
}

/** The rows in the order that the address names; as they are where no column is called so. Texts by the language's alphabet, figures in them as numbers. */
export function sorted<Row>(
  rows: readonly Row[],
  columns: readonly SortColumn<Row>[],
  { sort, language }: { sort: string | undefined; language: string },
): readonly Row[] {
  const column = columns.find(({ key }) => directionOf(sort, key) !== undefined);
  if (column === undefined) return rows;
  const sign = directionOf(sort, column.key) === 'descending' ? -1 : 1;
  const collator = new Intl.Collator(language, { numeric: true });
  return rows.toSorted((one, other) => {
    const [a, b] = [column.of(one), column.of(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)));
  });
}
