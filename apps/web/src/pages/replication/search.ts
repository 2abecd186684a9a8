import { z } from 'zod';

/** What the address says about the page of replication: `enable` opens the dialog that links, `join` the one that takes an invitation. */
export const replicationSearch = z.object({
  enable: z
    .union([z.literal(true), z.int().positive()])
    .optional()
    .catch(undefined),
  join: z.literal(true).optional().catch(undefined),
});
