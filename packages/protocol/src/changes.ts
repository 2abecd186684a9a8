import { createHash } from 'node:crypto';
import { z } from 'zod';
import { positionSchema } from './feed.ts';

/** Most changes in one answer. */
export const mostChanges = 5000;

const revision = z.int().nonnegative();

/**
 * Where a consumer of `GET /dossier-lists/{id}/changes/` stands; to it the text is opaque. `since`: it has all changes up to here. `begun`: the head at
 * which it began from nothing, while it hasn't met a head since; tombstones up to there concern nothing that it holds. `told`: the newest head of
 * which it was told. Without a reading it begins from nothing.
 */
const cursorSchema = z.union([
  z
    .strictObject({
      list: z.int().positive(),
      reading: z.uuid(),
      epoch: z.uuid(),
      since: revision,
      begun: revision.nullable(),
      told: revision,
    })
    .refine(({ since, begun, told }) => since <= told && (begun ?? 0) <= told),
  z.strictObject({ list: z.int().positive(), reading: z.null() }),
]);
export type ChangesCursor = z.infer<typeof cursorSchema>;

const checkBytes = 6;

function checkOf(json: Buffer): Buffer {
  return createHash('sha256').update(json).digest().subarray(0, checkBytes);
}

/** The cursor as a text for URLs. A check in it lets a garbled one be told from another one. */
export function encodeChangesCursor(cursor: ChangesCursor): string {
  const json = Buffer.from(JSON.stringify(cursor));
  return Buffer.concat([checkOf(json), json]).toString('base64url');
}

/** The cursor in a text, or null for a text that encodeChangesCursor never made. */
export function decodeChangesCursor(text: string): ChangesCursor | null {
  const bytes = Buffer.from(text, 'base64url');
  const json = bytes.subarray(checkBytes);
  if (bytes.toString('base64url') !== text || !checkOf(json).equals(bytes.subarray(0, checkBytes))) return null;
  return cursorSchema.safeParse(parseJson(json)).data ?? null;
}

function parseJson(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return null; // the schema refuses it
  }
}

const cursorText = z
  .string()
  .max(1024)
  .transform((text, context) => {
    const cursor = decodeChangesCursor(text);
    if (cursor !== null) return cursor;
    context.addIssue({ code: 'custom', message: 'is no cursor; take it as it is from "next" of an answer' });
    return z.NEVER;
  })
  .meta({ override: { type: 'string' } });

const wholeNumber = /^\d{1,15}$/;

/** The query of `GET /dossier-lists/:id/changes/`. Nothing at all, as `since=0`, begins from nothing. */
export const changesQuery = z.object({
  cursor: cursorText.optional(),
  /** A revision. It may be the cursor, too, for those who know of no other parameter. */
  since: z
    .union([z.string().regex(wholeNumber).transform(Number), cursorText], 'must be a revision, or "next" of an answer as it is')
    .meta({ override: { type: 'string' } })
    .optional(),
  epoch: z.uuid().optional(),
  limit: z
    .string()
    .regex(wholeNumber, `must be a whole number from 1 to ${mostChanges}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= mostChanges, `must be a whole number from 1 to ${mostChanges}`)
    .default(1000)
    .meta({ override: { type: 'integer', minimum: 1, maximum: mostChanges, default: 1000 } }),
});

/** Why a consumer has to start over; docs/api.md tells them apart. */
export const resetReasons = ['epoch', 'ahead', 'floor', 'unknown'] as const;
export type ResetReason = (typeof resetReasons)[number];

const cursor = z.string();

/**
 * The last line of an answer. `snapshot`: `under-way` while a reading that began from nothing hasn't met a head; `complete` on the page with which it
 * meets one, so that all that it named is the list at `head`; null for the changes after that.
 */
export const changesEndSchema = z.looseObject({
  kind: z.literal('end'),
  count: z.int().nonnegative(),
  next: cursor,
  more: z.boolean(),
  snapshot: z.enum(['under-way', 'complete']).nullable(),
  head: positionSchema,
});
export type ChangesEnd = z.infer<typeof changesEndSchema>;

/** The only line of an answer to whom the history is gone that it followed; `next` begins from nothing. */
export const changesResetSchema = z.looseObject({
  kind: z.literal('reset'),
  reason: z.enum(resetReasons),
  next: cursor,
  epoch: z.uuid(),
  floor: revision,
});
export type ChangesReset = z.infer<typeof changesResetSchema>;
