import { z } from 'zod';
import { positionSchema } from './feed.ts';

/**
 * Rows on the wire: as PostgreSQL's COPY writes them in its binary format, texts in UTF-8, so that neither side makes anything of a row but looks at it.
 * An answer is a block of rows, a block of tombstones, both whole from COPY's header to its trailer, then a line feed and one end line in JSON. A row has
 * exactly these columns, in this order; the last nine are its content, over whose bytes, as they stand here, its hash is made.
 */
export const rowsForm = 'rows-3';
export const rowsMediaType = `application/vnd.dossier.${rowsForm}`;
/** The columns of a row that are its content, in the order in which they are hashed. */
export const contentFields = [
  'active',
  'external_id',
  'name',
  'comment',
  'valid_from',
  'valid_until',
  'meta',
  'photos',
  'features',
] as const;
export const rowColumns = ['uuid', 'created_date', 'modified_date', 'hash', ...contentFields] as const;
export const tombstoneColumns = ['uuid'] as const;

/** What every block begins with (PostgreSQL's documentation, "COPY", "Binary Format"): the signature, no flags, no extension. */
export const blockHeader = Buffer.from('PGCOPY\n\u00FF\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What every block ends with: -1 where another row would have the number of its fields. */
export const blockTrailer = Buffer.from([0xff, 0xff]);

/** Most changes in one page, and most bytes of rows in one answer. */
export const rowsPageRows = 5000;
export const rowsAnswerBytes = 16 * 1024 * 1024;
/**
 * No dossier within its bounds comes near the bytes of an answer. A row that has more, which only SQL by hand can have written, is sent with nulls in place
 * of meta, photos and features: so it is refused by its name, and the other rows come.
 */
export const longestRowBytes = rowsAnswerBytes;

/** The last line of an answer. That of a page of changes is the same for everybody who asks for this page. */
export const pageEndSchema = z.object({
  kind: z.literal('end'),
  dossier_list: z.uuid(),
  rows: z.int().nonnegative(),
  tombstones: z.int().nonnegative(),
  /** Length of the first block; the second ends at the line feed before this line. */
  row_bytes: z.int().nonnegative(),
  /** A page of changes covers all above `since` up to `next`, as they were at `head`; rows that were asked for by their uuids begin and end there. */
  since: z.int().nonnegative(),
  next: z.int().nonnegative(),
  /** How many of the uuids that were asked for, the last ones, were not looked at: they are to be asked for again. */
  left: z.int().nonnegative(),
  /** Where the list stood when the answer was made. */
  head: positionSchema,
});
export type PageEnd = z.infer<typeof pageEndSchema>;
