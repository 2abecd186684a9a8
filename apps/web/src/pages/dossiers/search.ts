import { z } from 'zod';
import { orderings } from './orderings.ts';

/** What the address says about the page of dossiers: filters, order, view, and the dossier that is open. */
export const dossierSearch = z.object({
  list: z.int().positive().optional().catch(undefined),
  q: z.string().optional().catch(undefined),
  external: z.string().optional().catch(undefined),
  active: z.boolean().optional().catch(undefined),
  valid: z.literal('now').optional().catch(undefined),
  order: z.enum(orderings).optional().catch(undefined),
  view: z.enum(['table', 'photos']).optional().catch(undefined),
  open: z.int().positive().optional().catch(undefined),
});
export type DossierSearch = z.infer<typeof dossierSearch>;
