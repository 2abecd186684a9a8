import { z } from 'zod';
import { addressId } from '../../address.ts';

/** What the address says about the page of replication: `enable` opens the dialog that links, `join` the one that takes an invitation. */
export const replicationSearch = z.object({
  enable: z
    .union([z.literal(true), z.int().positive()])
    .optional()
    .catch(undefined),
  join: z.literal(true).optional().catch(undefined),
});

/** What people want to see by name of a held sync, the worst first. */
export const heldKinds = ['lost', 'removing', 'deactivating', 'changing', 'adding'] as const;

/** What the address says about a link: the sync whose changes are open, and which dossiers of a held sync are shown. */
export const linkSearch = z.object({
  run: addressId,
  held: z
    .enum([...heldKinds, 'none'])
    .optional()
    .catch(undefined),
});
