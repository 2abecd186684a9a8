import { createHash } from 'node:crypto';
import { blockHeader, blockTrailer, rowColumns } from '@dossier/protocol/rows.ts';

/** A field of a row in COPY's binary format; null where the column is. */
export type Field = Buffer | null;

export function bigEndian(bytes: 2 | 4, value: number): Buffer {
  const written = Buffer.alloc(bytes);
  written.writeIntBE(value, 0, bytes);
  return written;
}

/** The row that has these fields. */
export function rowOf(fields: readonly Field[]): Buffer {
  const parts = fields.map((field) => [bigEndian(4, field?.length ?? -1), field ?? Buffer.alloc(0)]);
  return Buffer.concat([bigEndian(2, fields.length), ...parts.flat()]);
}

/** Where the field ends whose length stands at `at`. */
function endOfField(bytes: Buffer, at: number): number {
  return at + 4 + Math.max(bytes.readInt32BE(at), 0);
}

export function fieldsOf(row: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 2; at < row.length; at = endOfField(row, at)) {
    fields.push(row.readInt32BE(at) === -1 ? null : row.subarray(at + 4, endOfField(row, at)));
  }
  return fields;
}

/** The rows of a whole block. */
export function rowsOf(block: Buffer): Buffer[] {
  const rows: Buffer[] = [];
  let at = blockHeader.length;
  while (at < block.length - blockTrailer.length) {
    let end = at + 2;
    for (let field = block.readInt16BE(at); field > 0; field -= 1) end = endOfField(block, end);
    rows.push(block.subarray(at, end));
    at = end;
  }
  return rows;
}

/** The block that has these rows. */
export function blockOf(rows: readonly Buffer[]): Buffer {
  return Buffer.concat([blockHeader, ...rows, blockTrailer]);
}

/** An answer with rows, taken apart. */
export interface Blocks<End> {
  rows: Buffer;
  tombstones: Buffer;
  end: End;
}

/** Takes an answer with rows apart that is known to be a good one. */
export function blocksOf<End extends object>(page: Buffer): Blocks<End> {
  const lineFeed = page.lastIndexOf('\n', page.length - 2);
  const end = JSON.parse(page.toString('utf8', lineFeed)) as End & { row_bytes: number };
  return { rows: page.subarray(0, end.row_bytes), tombstones: page.subarray(end.row_bytes, lineFeed), end };
}

/** Puts an answer together; `end` says whatever it says of the blocks. */
export function pageOf({ rows, tombstones, end }: Blocks<object>): Buffer {
  return Buffer.concat([rows, tombstones, Buffer.from(`\n${JSON.stringify(end)}\n`)]);
}

const firstContent = rowColumns.indexOf('active');

/** The row of these columns with the hash of its content in it. */
export function withHash(fields: readonly Field[]): Buffer {
  const content = rowOf(fields.slice(firstContent)).subarray(2);
  const hash = createHash('sha256')
    .update(Buffer.concat([Buffer.from([1]), content]))
    .digest();
  return rowOf(fields.with(rowColumns.indexOf('hash'), hash));
}
