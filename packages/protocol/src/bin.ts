import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { idList, pageQuery } from './queries.ts';
import { idParameter, idSchema, looseBoolean, text, timeSchema } from './values.ts';

/** The header in which a call that deletes says the number of its deletion in the bin. */
export const deletionHeader = 'Dossier-Deletion';

/** The query of `GET /bin/`. */
export const binQuery = pageQuery.extend({
  dossier_lists: idList.optional(),
  deletion: idParameter('a deletion').optional(),
  text: text(dossierBounds.name).optional().meta({ description: 'In name, comment or external id, without regard to case' }),
});

const kind = z.enum(['dossier', 'bulk', 'purge', 'import']);

/** A list from which dossiers were taken; `there`: it still exists. Its name is the one of now, of a list that is gone the one of then. */
const binnedList = z.looseObject({ id: idSchema, name: z.string(), there: z.boolean() });

/** A dossier in the bin. What it was taken by: `dossier`, somebody deleted it; `bulk`, somebody deleted many at once; `purge`, its list was emptied; `import`, the import that made it was taken back. */
export const binnedDossierSchema = z
  .looseObject({
    dossier: idSchema,
    uuid: z.uuid(),
    name: z.string(),
    comment: z.string(),
    external_id: z.string().nullable(),
    face_count: z.int(),
    /** URL of the first photo's thumbnail. */
    thumbnail: z.string().nullable(),
    dossier_lists: z.array(binnedList),
    deletion: idSchema,
    kind,
    deleted_by: z.string(),
    deleted_date: timeSchema,
    /** When it will be erased, if it isn't restored. */
    erased_date: timeSchema,
  })
  .meta({ id: 'BinnedDossier' });
export type BinnedDossier = z.infer<typeof binnedDossierSchema>;

/** A deletion that took many at once, and how many of them are left in the bin. */
export const deletionSchema = z
  .looseObject({
    id: idSchema,
    kind,
    dossier_lists: z.array(binnedList),
    dossiers: z.int(),
    deleted_by: z.string(),
    deleted_date: timeSchema,
    erased_date: timeSchema,
  })
  .meta({ id: 'Deletion' });
export type Deletion = z.infer<typeof deletionSchema>;

/** The body of `POST /bin/restore/`: `deletion`, `dossiers` or both; `dossier_list` restores into another list than they were in. */
export const restoration = z
  .strictObject({
    deletion: idSchema.optional(),
    dossiers: z.array(idSchema).min(1).max(1000).optional(),
    dossier_list: idSchema.optional(),
  })
  .refine(({ deletion, dossiers }) => deletion !== undefined || dossiers !== undefined, {
    path: ['dossiers'],
    message: 'is required, or deletion',
  })
  .meta({ id: 'Restoration' });

/** A dossier that stays in the bin, and why. */
export const restoreConflictSchema = z.looseObject({
  dossier: idSchema,
  name: z.string(),
  external_id: z.string().nullable(),
  dossier_list: idSchema,
  dossier_list_name: z.string(),
  reason: z.enum(['list-gone', 'there-already', 'external-id-taken']),
  /** The dossier that has its external id. */
  other: idSchema.nullable(),
  desc: z.string(),
});
export type RestoreConflict = z.infer<typeof restoreConflictSchema>;

/** What was restored. */
export const restoredSchema = z
  .looseObject({
    restored: z.int(),
    /** All that stays in the bin; the first 1000 are below. */
    conflict_count: z.int(),
    conflicts: z.array(restoreConflictSchema),
    /** Of the dossiers that were asked for, those that aren't in the bin. */
    missing: z.array(idSchema),
  })
  .meta({ id: 'Restored' });
export type Restored = z.infer<typeof restoredSchema>;

/** The query of `POST /imports/{id}/undo/`. */
export const takingBackQuery = z.object({ preview: looseBoolean.default(false) });

/** What taking an import back did, or, as a preview, would do. */
export const takenBackSchema = z
  .looseObject({
    preview: z.boolean(),
    dossier_list: idSchema,
    /** Dossiers that it had added: in the bin now. */
    removed: z.int(),
    /** Dossiers that it had changed: as they were before. */
    returned: z.int(),
    /** Dossiers that somebody has changed since, and that are left as they are; the first 1000 are below. */
    left: z.int(),
    left_dossiers: z.array(z.looseObject({ dossier: idSchema, name: z.string(), added: z.boolean() })),
    /** The deletion in the bin. */
    deletion: idSchema.nullable(),
  })
  .meta({ id: 'TakenBack' });
export type TakenBack = z.infer<typeof takenBackSchema>;
