import { rowColumns, rowsMediaType } from '@dossier/protocol/rows.ts';
import { blockOf, blocksOf, fieldsOf, pageOf, rowOf, rowsOf, withHash } from '../copy-rows.ts';
import type { Blocks, Field } from '../copy-rows.ts';
import type { Exchange, Lie } from '../lying-master.ts';
import { bytes, nothing } from './telling.ts';
import type { Row } from './telling.ts';

/** The last line of a page. */
export interface PageEnd extends Row {
  since: number;
  next: number;
  head: Row;
}

/** A page, taken apart. */
export interface Parts {
  rows: Buffer[];
  tombstones: Buffer[];
  end: PageEnd;
}

/** Changes the blocks of an honest page. The length in the end line is made to fit. */
export const blocks = (change: (parts: Blocks<PageEnd>) => void): Lie =>
  bytes((honest) => {
    const parts = blocksOf<PageEnd>(honest);
    change(parts);
    return pageOf({ ...parts, end: { ...parts.end, row_bytes: parts.rows.length } });
  });

/** Changes the rows of an honest page. Length and counts of the end line are made to fit, unless `counted` is false. */
export const page = (change: (parts: Parts, exchange: Exchange) => void, counted = true): Lie =>
  bytes((honest, exchange) => {
    const { rows, tombstones, end } = blocksOf<PageEnd>(honest);
    const parts: Parts = { rows: rowsOf(rows), tombstones: rowsOf(tombstones), end };
    change(parts, exchange);
    return whole(parts, counted);
  });

function whole({ rows, tombstones, end }: Parts, counted = true): Buffer {
  const made = { rows: blockOf(rows), tombstones: blockOf(tombstones) };
  const fitting = { rows: rows.length, tombstones: tombstones.length, row_bytes: made.rows.length };
  return pageOf({ ...made, end: { ...end, ...(counted && fitting) } });
}

type Column = (typeof rowColumns)[number];

/** A row with one field changed, and the hash that it had. */
export const withField = (row: Buffer, column: Column, change: (field: Buffer) => Field): Buffer =>
  rowOf(fieldsOf(row).map((field, index) => (rowColumns[index] === column ? change(field ?? nothing) : field)));

/** Changes one field of each row of an honest page; who lies knows to make the hash fit. */
export const field = (column: Column, change: (field: Buffer) => Field): Lie =>
  page(({ rows }) => rows.forEach((row, index) => (rows[index] = withHash(fieldsOf(withField(row, column, change))))));

/** The same, and the hash stays what it was. */
export const forged = (column: Column, change: (field: Buffer) => Field): Lie =>
  page(({ rows }) => rows.forEach((row, index) => (rows[index] = withField(row, column, change))));

/** The identity of a row or of a tombstone. */
export const identityOf = (row: Buffer | undefined): Field => fieldsOf(row ?? rowOf([nothing]))[0] ?? null;

/** A tombstone of this dossier. */
export const tombstone = (identity: Field): Buffer => rowOf([identity]);

/** Goes on for ever, a revision a page, in the history of the honest page that was asked for first. */
export function growing(tombstones: (since: number) => Buffer[]): Lie {
  let remembered: PageEnd | null = null;
  let of = '';
  return async (exchange) => {
    const { url } = exchange.asked;
    if (url.pathname !== of) {
      const { status, body } = await exchange.honest();
      if (status === 200) remembered = blocksOf<PageEnd>(body).end;
      of = url.pathname;
    }
    if (!remembered) throw new Error('an honest page has an end line');
    const since = Number(url.searchParams.get('since'));
    const end = { ...remembered, since, next: since + 1, head: { ...remembered.head, revision: since + 2 } };
    return {
      status: 200,
      headers: { 'content-type': rowsMediaType },
      body: whole({ rows: [], tombstones: tombstones(since), end }),
    };
  };
}

/** The identity of a dossier that nobody has. */
export const made = (number: number): Buffer => Buffer.from(`000000000000400080000000${number.toString(16).padStart(8, '0')}`, 'hex');
