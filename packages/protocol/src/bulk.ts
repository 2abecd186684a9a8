import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { dossierFields } from './dossier.ts';
import { dateSchema, idSchema, looseBoolean, text, timeSchema } from './values.ts';

/** So many dossiers one request names. */
export const mostNamed = 10_000;
/** So many refusals an answer tells of. */
export const mostRefusals = 1000;

const lists = z.array(idSchema).min(1).max(1000);

/** What dossiers are found by; as the query of the listing. */
const filterSchema = z.strictObject({
  dossier_lists: z.array(idSchema).max(1000).optional(),
  q: text(dossierBounds.name).optional(),
  name_contains: text(dossierBounds.name).optional(),
  active: looseBoolean.optional(),
  external_id: text(dossierBounds.externalId, 1).optional(),
  valid: z.enum(['now', 'all'], 'must be now or all').default('now'),
});

/** What becomes of each dossier; what isn't named stays as it is. */
const changeSchema = z
  .strictObject({
    active: looseBoolean.optional(),
    valid_from: dateSchema.nullable().optional(),
    valid_until: dateSchema.nullable().optional(),
    add_comment: text(dossierBounds.comment, 1)
      .optional()
      .meta({ description: 'A line that goes behind the comment; one that is there already is not added again' }),
    meta: dossierFields.meta.optional().meta({ description: 'Fields that are set; null takes one away. Others stay' }),
    add_to_lists: lists.optional(),
    take_from_lists: lists.optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'must change something')
  .refine(
    ({ add_to_lists: add = [], take_from_lists: take = [] }) => !add.some((list) => take.includes(list)),
    'names a list to which dossiers are added and from which they are taken',
  );
export type BulkChange = z.infer<typeof changeSchema>;

/** The body of `POST /dossiers/bulk/`: whom it is about, and what becomes of them. */
export const bulkRequest = z
  .strictObject({
    dossiers: z
      .array(z.strictObject({ id: idSchema, modified_date: timeSchema.optional() }))
      .min(1, 'must name at least one dossier')
      .max(mostNamed, `must name at most ${mostNamed} dossiers`)
      .optional()
      .meta({ description: 'Each as it was seen: one that was changed since is left' }),
    filter: filterSchema.optional().meta({ description: 'All that it finds, instead of naming them' }),
    state: z
      .string()
      .max(100_000)
      .optional()
      .meta({ description: 'With filter: as the count said. Whoever was changed or came since is left' }),
    after: z.int().nonnegative().optional().meta({ description: 'With filter: `next` of the answer before' }),
    change: changeSchema.optional(),
    delete: z.literal(true).optional(),
  })
  .refine(({ dossiers, filter }) => (dossiers === undefined) !== (filter === undefined), 'takes either dossiers or a filter')
  .refine(
    ({ filter, state }) => (filter === undefined) === (state === undefined),
    'takes a filter together with the state that its count said',
  )
  .refine(({ change, delete: remove }) => (change === undefined) !== (remove === undefined), 'takes either a change or delete')
  .meta({ id: 'DossierBulk' });
export type BulkRequest = z.input<typeof bulkRequest>;

/** A dossier that was left as it was, and why. */
export const bulkRefusalSchema = z.looseObject({
  id: idSchema,
  /** Null for one that isn't here. */
  name: z.string().nullable(),
  code: z.enum(['NOT_FOUND', 'PRECONDITION_FAILED', 'PRECONDITION_REQUIRED', 'CONFLICT', 'BAD_PARAM', 'TOO_LARGE']),
  desc: z.string(),
});
export type BulkRefusal = z.infer<typeof bulkRefusalSchema>;

export const bulkReportSchema = z
  .looseObject({
    /** Dossiers that were changed, or deleted. */
    done: z.int().nonnegative(),
    /** Those that are so already. */
    unchanged: z.int().nonnegative(),
    refused: z.int().nonnegative(),
    /** The first 1000 of them. */
    refusals: z.array(bulkRefusalSchema),
    /** Of a filter: where the same request goes on, as `after`; null when it is through. */
    next: z.int().nullable(),
    deletion: idSchema.nullable().meta({
      description: 'The deletion in the bin by which those that this request deleted can be restored together; null if none are there',
    }),
  })
  .meta({ id: 'DossierBulkReport' });
export type BulkReport = z.infer<typeof bulkReportSchema>;

export const dossierCountSchema = z
  .looseObject({
    count: z.int().nonnegative(),
    /** Of a search: whether there are more, and the count is what can be ranked. */
    count_is_more: z.boolean(),
    /** Which state of their lists this is; for `POST /dossiers/bulk/`. */
    state: z.string(),
  })
  .meta({ id: 'DossierCount' });
export type DossierCount = z.infer<typeof dossierCountSchema>;
