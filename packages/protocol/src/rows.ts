import { z } from 'zod';
import { positionSchema } from './feed.ts';

/**
 * The fast form of a page of the feed, chosen by `Accept`: rows as PostgreSQL's COPY writes them in its binary format, texts in UTF-8, so that neither
 * side makes anything of a row but looks at it. Three blocks, one after another, each whole from COPY's header to its trailer: dossiers, their photos
 * in the order of the dossiers, tombstones; then a line feed, and one end line in JSON. A row has exactly these columns, in this order.
 */
export const rowsForm = 'rows-2';
export const rowsMediaType = `application/vnd.dossier.${rowsForm}`;
export const dossierRowColumns = [
  'uuid',
  'active',
  'created_date',
  'modified_date',
  'photo_count',
  'photos_hash',
  'external_id',
  'name',
  'comment',
  'meta',
] as const;
export const photoRowColumns = ['dossier', 'sha256', 'width', 'height', 'bytes', 'media_type', 'features'] as const;
export const tombstoneRowColumns = ['dossier'] as const;

/** What every block begins with (PostgreSQL's documentation, "COPY", "Binary Format"): the signature, no flags, no extension. */
export const blockHeader = Buffer.from('PGCOPY\n\u00FF\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** What every block ends with: -1 where another row would have the number of its fields. */
export const blockTrailer = Buffer.from([0xff, 0xff]);

/** Most changes in one page of rows, and about so many bytes; one oversized dossier still makes a page of its own. */
export const rowsPageRows = 5000;
export const rowsPageBytes = 16 * 1024 * 1024;

/** The last line of a page of rows. The same for everybody who asks for this page: `head` is where the list stood when it was made. */
export const rowsEndSchema = z.object({
  kind: z.literal('end'),
  dossier_list: z.uuid(),
  dossiers: z.int().nonnegative(),
  photos: z.int().nonnegative(),
  tombstones: z.int().nonnegative(),
  /** Lengths of the first two blocks; the third ends at the line feed before this line. */
  dossier_bytes: z.int().nonnegative(),
  photo_bytes: z.int().nonnegative(),
  /** The page covers all changes above `since` up to `next`, as they were at `head`. */
  since: z.int().nonnegative(),
  next: z.int().nonnegative(),
  head: positionSchema,
});
export type RowsEnd = z.infer<typeof rowsEndSchema>;
