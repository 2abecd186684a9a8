import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { heldKinds } from './held.ts';
import { idParameter, idText, looseBoolean, text } from './values.ts';

const limit = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number from 1 to 1000')
  .transform(Number)
  .refine((value) => value >= 1 && value <= 1000, 'must be a whole number from 1 to 1000')
  .meta({ override: { type: 'integer', minimum: 1, maximum: 1000, default: 20 } });

/** Parameters that take several values. Some clients write their names with `[]` behind. */
export const listParameters: readonly string[] = ['dossier_lists'];

/** Repeated keys, comma-separated values, or both. */
export const idList = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat().flatMap((part) => part.split(',')))
  .refine((ids) => ids.length <= 1000 && ids.every((id) => idText.test(id.trim())), 'must be ids of watch lists, at most 1000')
  .transform((ids) => ids.map(Number))
  .meta({ override: { type: 'array', items: { type: 'integer', minimum: 1 } } });

const orderings = ['id', 'name', 'created_date', 'modified_date'] as const;
const ordering = z
  .enum(
    [...orderings, '-id', '-name', '-created_date', '-modified_date'],
    `must be one of ${orderings.join(', ')}, or one of these after "-"`,
  )
  .optional()
  .meta({ description: 'id without it; not together with q, whose order is its own' });

/** Where a page of a collection begins and how long it is. */
export const pageQuery = z.object({
  limit: limit.default(20),
  page: z.string().max(8192).optional(),
});

export const dossierQuery = pageQuery.extend({
  dossier_lists: idList.optional(),
  q: text(dossierBounds.name).optional().meta({ description: 'Words in any order and field, however they are spelled; the best first' }),
  name_contains: text(dossierBounds.name).optional(),
  active: looseBoolean.optional(),
  external_id: text(dossierBounds.externalId, 1).optional(),
  /** `now`: those that are valid today, by the calendar of UTC; `all`: also those that aren't yet or any more. */
  valid: z.enum(['now', 'all'], 'must be now or all').default('now'),
  ordering,
});

/** A page of the names of what waits for a person. */
export const heldQuery = pageQuery.extend({ kind: z.enum(heldKinds, `must be one of ${heldKinds.join(', ')}`).optional() });

/** `settled=false`: those that the next sync has to settle. */
export const offlineDeletionQuery = pageQuery.extend({
  settled: looseBoolean.optional(),
  slave_dossier_list: idParameter('a watch list').optional(),
});

export const dossierFaceQuery = pageQuery.extend({
  dossier: idParameter('a dossier').optional(),
});
