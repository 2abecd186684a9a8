import { z } from 'zod';
import { dossierBounds, metaFault } from '@dossier/domain/dossier.ts';
import type { Json } from '@dossier/domain/dossier.ts';
import { sizeText } from '@dossier/domain/size.ts';
import { sentAlong } from './sent-along.ts';
import { dateSchema, idParameter, idSchema, looseBoolean, nameText, pageOf, text, timeSchema } from './values.ts';

function sizeFault(meta: object): string | null {
  const bytes = new TextEncoder().encode(JSON.stringify(meta)).byteLength;
  return bytes > dossierBounds.metaBytes ? `has ${sizeText(bytes)} as JSON, more than ${sizeText(dossierBounds.metaBytes)}` : null;
}

/** A JSON object that survives storage: bounded depth, no U+0000, no lone surrogates, finite numbers. */
export const metaSchema = z
  .custom<{ [key: string]: Json }>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'must be a JSON object')
  .check((context) => {
    const fault = metaFault(context.value) ?? sizeFault(context.value);
    if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value });
  })
  .meta({ override: { type: 'object', additionalProperties: true } });

/** The content that a person edits; also the fields of an import line. */
export const dossierFields = {
  name: nameText(dossierBounds.name),
  comment: text(dossierBounds.comment),
  active: looseBoolean,
  /** The first and the last day of its validity; null: without this bound. */
  valid_from: dateSchema.nullable(),
  valid_until: dateSchema.nullable(),
  meta: metaSchema,
  external_id: text(dossierBounds.externalId, 1).nullable(),
};

/** The id of a photo: made of the dossier's id and the photo's hash. */
const photoIdSchema = z.string().regex(/^[1-9]\d{0,14}-[0-9a-f]{64}$/, 'must be the id of a photo');

const listsSchema = z.array(idSchema).min(1, 'must name at least one watch list').max(1000);

/** Each of the fields may be left out. */
const someFields = z.object(dossierFields).partial().shape;

export const dossierCreation = z
  .strictObject({
    ...someFields,
    name: dossierFields.name,
    dossier_lists: listsSchema,
  })
  .meta({ id: 'DossierCreation' });

export const dossierChange = z
  .strictObject({
    ...someFields,
    dossier_lists: listsSchema.optional(),
    photos: z
      .array(photoIdSchema)
      .max(dossierBounds.photos)
      .optional()
      .meta({ description: 'The ids of all its photos in another order; the first is the face' }),
  })
  .meta({ id: 'DossierChange' });

/** One dossier of two: what isn't given stays as it is in the one that stays. Its lists are those of both. */
export const dossierMerge = z
  .strictObject({
    with: idSchema.meta({ description: 'The dossier that is deleted' }),
    ...someFields,
    photos: z
      .array(photoIdSchema)
      .max(2 * dossierBounds.photos)
      .optional()
      .meta({ description: 'The ids of the photos of either that stay, in their order; without it all do' }),
  })
  .meta({ id: 'DossierMerge' });

export const dossierSchema = z
  .looseObject({
    id: idSchema,
    name: z.string(),
    comment: z.string(),
    active: z.boolean(),
    valid_from: z.string().nullable(),
    valid_until: z.string().nullable(),
    dossier_lists: z.array(idSchema),
    meta: z.record(z.string(), z.unknown()),
    external_id: z.string().nullable(),
    face_count: z.int(),
    has_faces: z.boolean(),
    /** The id of the first photo, which is the one that is shown; null where there is none. */
    face: z.string().nullable(),
    created_date: timeSchema,
    modified_date: timeSchema,
  })
  .meta({ id: 'Dossier' });

export type Dossier = z.infer<typeof dossierSchema>;

/** Why a dossier was found: a part of one of its texts, in UTF-16 code units. */
export const matchSchema = z
  .looseObject({
    field: z.enum(['name', 'external_id', 'comment', 'meta']),
    /** The key of a custom field, with dots where it lies deeper. */
    key: z.string().nullable(),
    start: z.int().nonnegative(),
    end: z.int().nonnegative(),
    text: z.string(),
    how: z.enum(['exact', 'prefix', 'similar']),
  })
  .meta({ id: 'DossierMatch' });
export type DossierMatch = z.infer<typeof matchSchema>;

/** What the answer to `q` says besides. */
export const searchSchema = z
  .looseObject({
    /** How many were found; with `total_is_more` there are more than that. */
    total: z.int().nonnegative(),
    total_is_more: z.boolean(),
    /** Watch lists that the search isn't through with yet: what is in them may be missing. */
    not_indexed: z.array(z.looseObject({ dossier_list: idSchema, done: z.int().nonnegative(), total: z.int().nonnegative() })),
    /** Whether mistyped words are found, too; the database lacks pg_trgm otherwise. */
    typing_errors: z.boolean(),
  })
  .meta({ id: 'DossierSearch' });
export type DossierSearch = z.infer<typeof searchSchema>;

/** A page of dossiers; `search` and `matches` where it answers `q`. */
export const dossierPageSchema = pageOf(dossierSchema.extend({ matches: z.array(matchSchema).optional() })).extend({
  search: searchSchema.optional(),
});
export type DossierPage = z.infer<typeof dossierPageSchema>;

/** Whether a dossier can be deleted now: on a slave only where it is a replica and its masters are away. */
export const dossierDeletionSchema = z
  .looseObject({ possible: z.boolean(), reason: z.enum(['READ_ONLY', 'MASTER_AVAILABLE']).nullable(), masters: z.array(z.string()) })
  .meta({ id: 'DossierDeletion' });
export type DossierDeletion = z.infer<typeof dossierDeletionSchema>;

const featuresFault = `must be base64 of at most 8 KB`;

/** The fields of the form that gives a dossier a photo, besides the photo. */
export const dossierFaceFields = z.strictObject({
  dossier: idParameter('a dossier'),
  features: z
    .string()
    .max(dossierBounds.featuresCharacters, featuresFault)
    .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, featuresFault)
    .transform((value) => (value === '' ? null : value))
    .optional(),
  ...sentAlong.dossierFace,
});

export const dossierFaceSchema = z
  .looseObject({
    /** Made of the dossier's id and the photo's hash. */
    id: z.string(),
    dossier: idSchema,
    source_photo: z.string(),
    thumbnail: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    width: z.int(),
    height: z.int(),
    bytes: z.int(),
    features: z.string().nullable(),
    created_date: timeSchema,
  })
  .meta({ id: 'DossierFace' });

export type DossierFace = z.infer<typeof dossierFaceSchema>;
