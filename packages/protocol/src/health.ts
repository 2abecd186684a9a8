import { z } from 'zod';

export const healthSchema = z.looseObject({ status: z.literal('ok') }).meta({ id: 'Health' });

/**
 * What the node needs for its work: `ok`, or a sentence that says what is wrong. `clock` and `workers` alone make no node unavailable: it serves as well
 * as it can. `queue` is proved by a job that goes all the way; where jobs are at risk nevertheless it has a sentence while `status` is `ok`.
 */
export const readinessSchema = z
  .looseObject({
    status: z.enum(['ok', 'unavailable']),
    checks: z.looseObject({ database: z.string(), schema: z.string(), queue: z.string(), workers: z.string(), clock: z.string() }),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readinessSchema>;
