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
  /** Whether texts in `meta` stand for whatever the list declares. */
  readonly untyped?: true;
  /** Paths below the folder of the photos: the dossier's whole set. Undefined where the line says nothing about photos. */
  readonly photoPaths: readonly string[] | undefined;
}

/** What a line says, or why it is refused. */
export function parseLine(text: string): ParsedLine | { readonly fault: string } {
  // A long file of anything else is passed over quickly: errors are costly to make.
  if (!text.startsWith('{')) return { fault: 'is no JSON object' };
  if (!/^\{[ \t\r\n]*["}]/.test(text)) return { fault: 'is not JSON: behind { a key in double quotes is expected' };
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    return { fault: syntaxFault(text, error) };
  }
  if (typeof value !== 'object' || value === null) return { fault: 'is no JSON object' };
  return parseFields(value);
}

function syntaxFault(text: string, error: unknown): string {
  if (/\}\s*,?\s*\{/.test(text) && error instanceof SyntaxError && /after JSON/.test(error.message)) {
    return 'holds several JSON objects; each needs a line of its own (curl keeps line breaks with --data-binary, not with --data)';
  }
  return `is not JSON: ${shorten(error instanceof Error ? error.message : String(error))}`;
}

/** What the fields of a line say, or why it is refused. */
export function parseFields(given: object): ParsedLine | { readonly fault: string } {
  const value = readLoosely(given);
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return { fault: wrapperFault(value) ?? faultOf(value, parsed.error) };
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

const truth: Readonly<Record<string, boolean>> = { true: true, t: true, '1': true, false: false, f: false, '0': false };
/** Where an empty text says nothing. An empty comment is one. */
const neverEmpty = ['external_id', 'active', 'valid_from', 'valid_until', 'photo'];

/** The fields with what other writers mean: keys that are numbers, an empty text for nothing, 1 and 0 for true and false. */
function readLoosely(given: object): object {
  const fields: Record<string, unknown> = { ...given };
  for (const field of neverEmpty) if (fields[field] === '') delete fields[field];
  const { external_id: externalId, active } = fields;
  if (Number.isSafeInteger(externalId)) fields['external_id'] = String(externalId);
  if (typeof active === 'string' || typeof active === 'number') fields['active'] = truth[String(active).toLowerCase()] ?? active;
  return fields;
}

/** An answer of an API, or an export, around the people themselves. */
function wrapperFault(value: object): string | null {
  if (Object.hasOwn(value, 'name')) return null;
  const lists = Object.entries(value).filter(([, item]) => Array.isArray(item) && typeof item[0] === 'object' && item[0] !== null);
  const [key] = lists.length === 1 ? (lists[0] ?? []) : [];
  return key === undefined ? null : `is an object around a list, not a person; give the list ${JSON.stringify(shorten(key))} by itself`;
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
