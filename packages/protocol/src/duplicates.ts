import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { dossierSchema } from './dossier.ts';
import { photoAddressSchema } from './photos.ts';
import { dossierQuery } from './queries.ts';
import { idParameter, text } from './values.ts';

/** Who may be the same person: by name, by a photo, or both. */
export const duplicateQuery = z.object({
  name: text(dossierBounds.name).optional().meta({ description: 'Who has this name, or a similar one' }),
  dossier_lists: dossierQuery.shape.dossier_lists.meta({ description: 'Where the name is looked for; photos are in all lists' }),
  sha256: photoAddressSchema.optional().meta({ description: 'Who shows this photo' }),
  except: idParameter('a dossier').optional(),
});

/** Somebody who may be the same person. */
export const duplicateSchema = dossierSchema.extend({ alike: z.enum(['photo', 'name', 'similar-name']) }).meta({ id: 'Duplicate' });
export type Duplicate = z.infer<typeof duplicateSchema>;

export const duplicatesSchema = z.looseObject({ results: z.array(duplicateSchema) }).meta({ id: 'Duplicates' });

/** What a photo would be if it were given to a dossier. */
export const checkedPhotoSchema = z
  .looseObject({ sha256: photoAddressSchema, width: z.int(), height: z.int(), bytes: z.int() })
  .meta({ id: 'CheckedPhoto' });
export type CheckedPhoto = z.infer<typeof checkedPhotoSchema>;
