import { z } from 'zod';
import { linkDoubts, linkStates } from '@dossier/domain/link.ts';
import { declaredFieldSchema, fieldsSchema, instructionSchema, misfitsSchema } from './declaration.ts';
import { idSchema, looseBoolean, nameText, text, timeSchema } from './values.ts';

const fields = {
  name: nameText(256),
  comment: text(10_000),
  color: text(32),
  active: looseBoolean,
};

export const watchListCreation = z
  .strictObject({
    name: fields.name,
    comment: fields.comment.optional(),
    color: fields.color.optional(),
    active: fields.active.optional(),
    fields: fieldsSchema.optional(),
    instruction: instructionSchema.optional(),
  })
  .meta({ id: 'WatchListCreation' });

export const watchListChange = z
  .strictObject({
    name: fields.name.optional(),
    comment: fields.comment.optional(),
    color: fields.color.optional(),
    active: fields.active.optional(),
    /** Whether it is kept who looks at its dossiers; of a replica, too. */
    log_reads: looseBoolean.optional(),
    /** Whether changes of it and of its dossiers are refused (428) that name no state by `If-Match`. */
    require_match: looseBoolean.optional(),
    /** The fields of its dossiers, all of them, in the order in which they are shown. */
    fields: fieldsSchema.optional(),
    /** What to do at the door, by language. */
    instruction: instructionSchema.optional(),
  })
  .meta({ id: 'WatchListChange' });

export const watchListSchema = z
  .looseObject({
    id: idSchema,
    name: z.string(),
    comment: z.string(),
    color: z.string(),
    active: z.boolean(),
    log_reads: z.boolean(),
    require_match: z.boolean(),
    fields: z.array(declaredFieldSchema).readonly(),
    instruction: z.record(z.string(), z.string()),
    dossier_count: z.int(),
    created_date: timeSchema,
    modified_date: timeSchema,
    /** When its dossiers were last changed on this node. */
    content_date: timeSchema,
    replica: z
      .looseObject({
        remote_url: z.string(),
        remote_dossier_list: z.int(),
        state: z.enum(linkStates),
        /** Of the link: why the replica can't be called equal now. */
        doubt: z.enum(linkDoubts).nullable(),
      })
      .nullable(),
    /** In the answer to a change of its fields: whose values don't fit. */
    misfits: misfitsSchema.optional(),
  })
  .meta({ id: 'WatchList' });

export type WatchList = z.infer<typeof watchListSchema>;
