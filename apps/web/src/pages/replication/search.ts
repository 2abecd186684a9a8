import { z } from 'zod';

/** What the address says about the page of replication: `enable` opens the dialog that links. */
export const replicationSearch = z.object({
  enable: z
    .union([z.literal(true), z.int().positive()])
    .optional()
    .catch(undefined),
});
