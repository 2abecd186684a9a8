/** Where a page begins: after or before the row with this key, in the order asked for. */
export interface Cursor {
  direction: 'after' | 'before';
  /** The row's value of the ordering column as text; left out where the id itself orders. */
  value: string | null;
  id: number;
  /** Where the same id is met once in each of several lists: the row's list. */
  list?: number;
}

export interface PageRequest {
  cursor: Cursor | null;
  /** Rows, at least 1. */
  limit: number;
}

export interface Page<Row> {
  rows: Row[];
  next: Cursor | null;
  previous: Cursor | null;
}

/**
 * Makes a page of rows that were read from the cursor on in the direction of reading, one more than the limit so as to know
 * whether there is more.
 */
export function toPage<Row>(found: readonly Row[], request: PageRequest, key: (row: Row) => Omit<Cursor, 'direction'>): Page<Row> {
  const { cursor, limit } = request;
  const backwards = cursor?.direction === 'before';
  const kept = found.slice(0, limit);
  const rows = backwards ? kept.toReversed() : kept;
  const more = found.length > limit;
  const first = rows[0];
  const last = rows.at(-1);
  // On an empty page, the cursor's own place is the way back.
  const start = first ? key(first) : cursor;
  const end = last ? key(last) : cursor;
  const hasNext = backwards || more;
  const hasPrevious = backwards ? more : cursor !== null;
  return {
    rows,
    next: hasNext && end ? { ...end, direction: 'after' } : null,
    previous: hasPrevious && start ? { ...start, direction: 'before' } : null,
  };
}

/** How rows are read that are listed by id, newest first; the cursor's id is the parameter `:id`. */
export function newestFirst({ cursor }: PageRequest): { condition: string; order: string } {
  const backwards = cursor?.direction === 'before';
  return { condition: cursor === null ? 'true' : `id ${backwards ? '>' : '<'} :id`, order: backwards ? 'id asc' : 'id desc' };
}
