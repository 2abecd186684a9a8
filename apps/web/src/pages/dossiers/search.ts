import { z } from 'zod';
import { addressId, addressText } from '../../address.ts';
import { orderings } from './orderings.ts';

/** What the address says about the page of dossiers: filters, order, view, and the dossier that is open. */
export const dossierSearch = z.object({
  list: addressId,
  q: addressText,
  external: addressText,
  active: z.boolean().optional().catch(undefined),
  valid: z.literal('now').optional().catch(undefined),
  order: z.enum(orderings).optional().catch(undefined),
  view: z.enum(['table', 'photos']).optional().catch(undefined),
  open: addressId,
});
export type DossierSearch = z.infer<typeof dossierSearch>;
