import { z } from 'zod';
import { auditActions, auditWays } from '@dossier/domain/audit.ts';
import { idSchema, timeSchema } from './values.ts';

/** A photo as a history shows it; the thumbnail is answered with 404 once the photo is gone from the store. */
export const rememberedPhotoSchema = z.looseObject({ sha256: z.string(), thumbnail: z.string().nullable() });
export type RememberedPhoto = z.infer<typeof rememberedPhotoSchema>;

/** The fields that differ, with their values; `photos` are `RememberedPhoto`. */
export const historyValues = z.record(z.string(), z.unknown()).nullable();
export type HistoryValues = z.infer<typeof historyValues>;

/**
 * What became of a dossier by one deed. `many`: an import or a sync wrote so many dossiers of a list of it that it isn't kept which, and what became of
 * each.
 */
export const historyEntrySchema = z
  .looseObject({
    id: idSchema,
    date: timeSchema,
    kind: z.enum(['made', 'changed', 'removed', 'many']),
    /** The dossier, if it is here; of `many` null. */
    dossier: idSchema.nullable(),
    /** What it is called now, if it is here. */
    name: z.string().nullable(),
    /** Who did it, and by which way; nulls for a sync. */
    actor: z.string().nullable(),
    via: z.enum(auditWays).nullable(),
    /** From where; null for a sync, for what was done on the host itself, and for readers with the role viewer. */
    address: z.string().nullable(),
    action: z.enum(auditActions).nullable(),
    /** Of an import: the name of the file, if it had one. */
    file: z.string().nullable(),
    /** The sync that brought it from a master; nulls for everything else. */
    run: idSchema.nullable(),
    master: z.string().nullable(),
    /** The watch list that was synced or imported into. */
    dossier_list: idSchema.nullable(),
    /** How many dossiers: of `many`. */
    dossiers: z.int().nullable(),
    before: historyValues,
    after: historyValues,
    /** Of a merge: what the other dossier was, which was deleted by it; null otherwise, and once that is erased. */
    merged: historyValues,
  })
  .meta({ id: 'HistoryEntry' });
export type HistoryEntry = z.infer<typeof historyEntrySchema>;
