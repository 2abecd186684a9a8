import { z } from 'zod';

export const healthSchema = z.looseObject({ status: z.literal('ok') }).meta({ id: 'Health' });

/**
 * What the node needs for its work: `ok`, or a sentence that says what is wrong. `clock` alone makes no node unavailable: with a wrong clock it
 * serves and syncs as well as it can.
 */
export const readinessSchema = z
  .looseObject({
    status: z.enum(['ok', 'unavailable']),
    checks: z.looseObject({ database: z.string(), schema: z.string(), queue: z.string(), clock: z.string() }),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readinessSchema>;
