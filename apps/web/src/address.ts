import { z } from 'zod';

/** A text in an address; also where it was typed there and looks like a number. What can't be read is left out. */
export const addressText = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);

/** How the address changes for what stays the same page: it isn't scrolled, and going back leads past. */
export const inPlace = { replace: true, resetScroll: false } as const;

/** An id in an address. */
export const addressId = z.int().positive().optional().catch(undefined);

/** A day of the calendar in an address. */
export const addressDay = z.iso.date().optional().catch(undefined);

/**
 * What the address of any page may say: what is looked for in its table, and in further ones where it has several; by which column its rows are sorted,
 * `name` or `-name`.
 */
export const pageSearch = z.object({
  find: addressText,
  sites: addressText,
  reads: addressText,
  withdrawn: addressText,
  sort: z.string().max(40).optional().catch(undefined),
});
