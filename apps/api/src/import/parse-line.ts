import { z } from 'zod';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { dossierFields } from '@dossier/protocol/dossier.ts';
import { noDate } from '@dossier/protocol/import.ts';
import { dateSchema } from '@dossier/protocol/values.ts';

const day = z.union([dateSchema, z.literal(noDate)], `must be a date that exists, as 2026-12-31, or "${noDate}"`);
const photoPath = z.string().min(1, 'must name a file').max(4096);

/** One line of an import file. Keys that are none of ours are passed over; but for photos, null says nothing. */
const lineSchema = z.object({
  external_id: dossierFields.external_id.optional(),
  name: dossierFields.name,
  comment: dossierFields.comment.nullable().optional(),
  active: dossierFields.active.nullable().optional(),
  valid_from: day.nullable().optional(),
  valid_until: day.nullable().optional(),
  meta: dossierFields.meta.nullable().optional(),
  photo: photoPath.nullable().optional(),
  photos: z.array(photoPath).max(dossierBounds.photos).nullable().optional(),
});

export interface ParsedLine {
  readonly externalId: string | null;
  readonly name: string;
  readonly comment: string | undefined;
  readonly active: boolean | undefined;
  /** Null: it has no such bound. */
  readonly validFrom: string | null | undefined;
  readonly validUntil: string | null | undefined;
  readonly meta: z.infer<typeof dossierFields.meta> | undefined;
  /** Paths below the folder of the photos: the dossier's whole set. Undefined where the line says nothing about photos. */
  readonly photoPaths: readonly string[] | undefined;
}

/** What a line says, or why it is refused. */
export function parseLine(text: string): ParsedLine | { readonly fault: string } {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    return { fault: `is not JSON: ${shorten(error instanceof Error ? error.message : String(error))}` };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'is no JSON object' };
  return parseFields(value);
}

/** What the fields of a line say, or why it is refused. */
export function parseFields(value: object): ParsedLine | { readonly fault: string } {
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return { fault: faultOf(value, parsed.error) };
  const { external_id: externalId = null, name, comment, active, valid_from: from, valid_until: until, meta, photo, photos } = parsed.data;
  return {
    externalId,
    name,
    comment: comment ?? undefined,
    active: active ?? undefined,
    validFrom: boundOf(from),
    validUntil: boundOf(until),
    meta: meta ?? undefined,
    photoPaths: photoPathsOf(photo, photos),
  };
}

function boundOf(said: string | null | undefined): string | null | undefined {
  return said === noDate ? null : (said ?? undefined);
}

function photoPathsOf(photo: string | null | undefined, photos: readonly string[] | null | undefined): string[] | undefined {
  if (photo === undefined && photos === undefined) return undefined;
  return [...new Set([...(photos ?? []), ...(photo == null ? [] : [photo])])];
}

function faultOf(value: object, error: z.ZodError): string {
  const issue = error.issues[0];
  const key = String(issue?.path[0] ?? '');
  if (key !== '' && !Object.hasOwn(value, key)) return `${key}: is missing`;
  const message = shorten(issue?.message ?? 'cannot be used');
  return key === '' ? message : `${key}: ${message}`;
}

const longestMessage = 160;

function shorten(message: string): string {
  const oneLine = message.replaceAll(/\s+/g, ' ');
  return oneLine.length > longestMessage ? `${oneLine.slice(0, longestMessage)}…` : oneLine;
}
