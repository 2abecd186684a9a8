import { z } from 'zod';
import { dossierBounds, metaFault, textFault } from '@dossier/domain/dossier.ts';

/**
 * Version of the feed's protocol. 1: NDJSON pages of puts and tombstones, buckets and hashes to reconcile by content.
 * A node serves every version it knows under `/feed/v<N>/`; the greeting names them.
 */
export const feedVersions = [1] as const;

/** Most changes in one page. */
export const pageRows = 5000;
/** Most changes that a slave takes in one page, whatever the release of its master. */
export const maximumPageRows = 100_000;
/** A page ends early once it has so many bytes; one oversized dossier still makes a page of its own. */
export const pageBytes = 8 * 1024 * 1024;
/** What a slave accepts as one answer. */
export const maximumAnswerBytes = 64 * 1024 * 1024;
/** The largest photo that a slave takes, whatever the release of its master. */
const maximumPhotoBytes = 64 * 1024 * 1024;
/** Most buckets or dossiers that one request may ask for. */
export const requestBuckets = 256;
export const requestDossiers = 200;
/** Most lists whose heads one request may ask about. */
export const requestHeads = 100;
/** Most nodes that a head names as the origins of its list: beyond so many a circle is not looked for. */
export const maximumOrigins = 32;

const digest = z.string().regex(/^[0-9a-f]{32}$/);
const revision = z.int().nonnegative();
const storable = (maximum: number) =>
  z
    .string()
    .refine((value) => textFault(value) === null, 'cannot be stored')
    .refine((value) => Array.from(value).length <= maximum, 'too long');

/** A zone that this node can reckon with: links of all masters are planned together, so an unknown one would stop them all. */
const timeZone = z.string().refine((value) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // RangeError is how Intl says that it doesn't know the zone
  }
}, 'is no time zone that is known here');

export const scheduleSchema = z.object({
  hour: z.int().min(0).max(23),
  minute: z.int().min(0).max(59),
  time_zone: timeZone,
});

/** `GET /feed/`: who answers. */
export const greetingSchema = z.looseObject({
  node: z.uuid(),
  versions: z.array(z.int()),
  external_address: z.string().nullable(),
  schedule: scheduleSchema,
});

/** `GET /feed/v1/dossier-lists/`: what this master offers. */
export const offeredListsSchema = z.looseObject({
  dossier_lists: z.array(z.looseObject({ id: z.int(), name: z.string(), dossier_count: z.int() })),
});

export const positionSchema = z.object({
  epoch: z.uuid(),
  revision,
  count: z.int().nonnegative(),
  digest,
});

/** `GET /feed/v1/dossier-lists/{id}/head`: the newest position, whose it is, where it comes from and when slaves sync. */
export const headSchema = z.looseObject({
  node: z.uuid(),
  dossier_list: z.uuid(),
  name: storable(dossierBounds.name),
  external_address: storable(2048).nullable(),
  schedule: scheduleSchema,
  position: positionSchema,
  floor: revision,
  /** The nodes from which the list is replicated, nearest first; older masters don't tell. */
  origins: z.array(z.uuid()).max(maximumOrigins).default([]),
});
export type Head = z.infer<typeof headSchema>;

export const feedPhotoSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  width: z.int32().positive(),
  height: z.int32().positive(),
  bytes: z.int32().positive().max(maximumPhotoBytes),
  media_type: z.enum(['image/jpeg', 'image/png', 'image/webp']),
  features: z.string().max(dossierBounds.featuresCharacters).nullable(),
});

/** `meta` travels as the text that PostgreSQL prints, so that numbers beyond double precision arrive as they are. */
const metaText = z.string().refine((value) => {
  // As printed by PostgreSQL, with a space after each comma and colon.
  if (value.length > 2 * dossierBounds.metaBytes) return false;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && metaFault(parsed) === null;
  } catch {
    return false;
  }
}, 'is no JSON object that can be stored');

export const putSchema = z.object({
  kind: z.literal('put'),
  revision,
  dossier: z.uuid(),
  hash: digest,
  name: storable(dossierBounds.name).min(1),
  comment: storable(dossierBounds.comment),
  active: z.boolean(),
  meta: metaText,
  external_id: storable(dossierBounds.externalId).min(1).nullable(),
  created_date: z.string().max(40),
  modified_date: z.string().max(40),
  photos: z.array(feedPhotoSchema).max(dossierBounds.photos),
});
export type Put = z.infer<typeof putSchema>;

export const tombstoneSchema = z.object({
  kind: z.literal('tombstone'),
  revision,
  dossier: z.uuid(),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

export const changeSchema = z.discriminatedUnion('kind', [putSchema, tombstoneSchema]);
export type Change = z.infer<typeof changeSchema>;

/** The last line of every page, so that a truncated answer never looks like the end. */
export const pageEndSchema = z.object({
  kind: z.literal('end'),
  dossier_list: z.uuid(),
  count: z.int().nonnegative(),
  /** The page covers all changes up to here. */
  next: revision,
  more: z.boolean(),
  head: positionSchema,
});
export type PageEnd = z.infer<typeof pageEndSchema>;

/** 410 on a page request: the asked-for history is gone, start over. */
export const resetSchema = z.looseObject({ epoch: z.uuid(), floor: revision });

/** `GET …/buckets`: the list's dossiers in 4096 buckets by the last twelve bits of their uuids; empty buckets are left out. */
export const bucketsSchema = z.looseObject({
  dossier_list: z.uuid(),
  position: positionSchema,
  buckets: z.array(z.tuple([z.int().min(0).max(4095), z.int().positive(), digest])),
});

/** The bucket of a dossier: the last twelve bits of its uuid. */
export function bucketOf(dossier: string): number {
  return Number.parseInt(dossier.slice(-3), 16);
}

/** `GET …/hashes?buckets=1,2,3`: the content hash of each dossier in these buckets. */
export const hashesSchema = z.looseObject({
  dossier_list: z.uuid(),
  hashes: z.array(z.tuple([z.uuid(), digest])),
});

/** `GET /feed/v1/heads?lists=12.tag,13.tag`: the lists whose heads still have these tags. */
export const headsSchema = z.looseObject({ unchanged: z.array(z.int()).max(requestHeads) });
