import { z } from 'zod';
import { textFault } from '@dossier/domain/dossier.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import type { Cursor, Page } from '@dossier/postgres/keyset.ts';

/** Where a cursor belongs: the collection's ordering, and what the ordering column holds. */
export interface CursorOrder {
  /** As in the query, e.g. `-name`. */
  ordering: string;
  column: 'id' | 'text' | 'date' | 'photo';
  /** The same id is met once in each of several lists. */
  byList?: true;
}

const byId: CursorOrder = { ordering: 'id', column: 'id' };

/** Of collections that are history. */
export const newestFirst: CursorOrder = { ordering: '-id', column: 'id' };

const shape = z.tuple([z.string(), z.enum(['after', 'before']), z.string().nullable(), z.int().positive(), z.int().positive().optional()]);

/** The cursor that a client gives back; BAD_PARAM for one that this collection in this order never gave out. */
export function decodeCursor(text: string | undefined, order: CursorOrder = byId): Cursor | null {
  if (text === undefined || text === '') return null;
  const parsed = shape.safeParse(fromBase64(text));
  if (!parsed.success) throw badParam('page', 'page: is not a cursor; take it from next_page or prev_page of another answer.');
  const [ordering, direction, value, id, list] = parsed.data;
  if (ordering !== order.ordering || !fits(value, order.column) || (list !== undefined) !== (order.byList === true)) {
    throw badParam('page', 'page: is a cursor of another listing or ordering.');
  }
  return { direction, value, id, ...(list !== undefined && { list }) };
}

function fromBase64(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown;
  } catch {
    return null; // the shape refuses it
  }
}

function fits(value: string | null, column: CursorOrder['column']): boolean {
  if (column === 'id' || value === null) return column === 'id' && value === null;
  if (column === 'photo') return /^[1-9]\d{0,3} [0-9a-f]{64}$/.test(value);
  return column === 'text' ? textFault(value) === null : isTimestamp(value);
}

/** A timestamptz as PostgreSQL prints it in UTC, and a day that exists. */
function isTimestamp(value: string): boolean {
  const parts = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?\+00$/.exec(value);
  if (!parts) return false;
  const milliseconds = Date.parse(`${parts[1]}T${parts[2]}Z`);
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(parts[1] ?? ' ');
}

function encodeCursor(cursor: Cursor | null, ordering: string): string | null {
  if (cursor === null) return null;
  return Buffer.from(
    JSON.stringify([ordering, cursor.direction, cursor.value, cursor.id, ...(cursor.list === undefined ? [] : [cursor.list])]),
  ).toString('base64url');
}

/** A page as it crosses the wire. */
export function presentPage<Row, Item>(
  page: Page<Row>,
  present: (row: Row) => Item,
  order: CursorOrder = byId,
): { results: Item[]; next_page: string | null; prev_page: string | null } {
  return {
    results: page.rows.map(present),
    next_page: encodeCursor(page.next, order.ordering),
    prev_page: encodeCursor(page.previous, order.ordering),
  };
}
