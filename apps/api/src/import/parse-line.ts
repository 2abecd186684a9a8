import { z } from 'zod';
import { dossierBounds, textFault } from '@dossier/domain/dossier.ts';
import type { Meta } from '@dossier/domain/dossier.ts';
import { parseJson } from '@dossier/domain/whole-numbers.ts';
import { dossierFields } from '@dossier/protocol/dossier.ts';
import { noDate } from '@dossier/protocol/import.ts';
import { dateSchema } from '@dossier/protocol/values.ts';
import { keyTarget } from './columns.ts';
import type { Reading } from './columns.ts';
import type { Survey } from './survey.ts';

const day = z.union([dateSchema, z.literal(noDate)], `must be a date that exists, as 2026-12-31, or "${noDate}"`);
const photoPath = z.string().min(1, 'must name a file').max(4096);

/** The fields of a dossier in an import file; but for photos, null says nothing. */
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
  readonly meta: Meta | undefined;
  /** Fields of their own, which are put into `meta` beside what is there. */
  readonly extra: Meta | undefined;
  /** Whether texts in `meta` and `extra` stand for whatever the list declares. */
  readonly untyped?: true;
  /** Paths below the folder of the photos: the dossier's whole set. Undefined where the line says nothing about photos. */
  readonly photoPaths: readonly string[] | undefined;
}

/** Where lines are read, and what is seen of them meanwhile. */
export interface LineReader {
  readonly reading: Reading;
  readonly survey: Survey;
}

/** What a line says, or why it is refused. */
export function parseLine(text: string, reader: LineReader): ParsedLine | { readonly fault: string } {
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
  const { fields, extra } = sortKeys(value, reader);
  return wrapperFault(value, fields) ?? parseFields(fields, extra);
}

interface SortedKeys {
  readonly fields: Record<string, unknown>;
  readonly extra: Record<string, unknown> | undefined;
}

/** The keys of an object by what they mean. A field that the object names twice in different ways is what its own name says. */
function sortKeys(value: object, { reading, survey }: LineReader): SortedKeys {
  const fields: Record<string, unknown> = {};
  let extra: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(value)) {
    const { target, isKnown } = keyTarget(key, value, reading);
    const column = survey.column(key, target, isKnown);
    if (item !== null && item !== '') survey.value(column, item);
    if (target === null) continue;
    if ('field' in target) {
      if (target.field === key || !Object.hasOwn(value, target.field)) fields[target.field] = item;
    } else if (!saysNothing(item)) setOwn((extra ??= {}), target.key, item);
  }
  return { fields, extra };
}

/** As null does, an empty text says nothing of a field that the file doesn't know to be one. */
function saysNothing(item: unknown): boolean {
  return item === null || item === '';
}

/** A key may have any name, also one that an assignment would take for something else. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function syntaxFault(text: string, error: unknown): string {
  if (/\}\s*,?\s*\{/.test(text) && error instanceof SyntaxError && /after JSON/.test(error.message)) {
    return 'holds several JSON objects; each needs a line of its own (curl keeps line breaks with --data-binary, not with --data)';
  }
  return `is not JSON: ${shorten(error instanceof Error ? error.message : String(error))}`;
}

/** What the fields of a line say, with those of its own, or why it is refused. */
export function parseFields(given: object, own: object | undefined): ParsedLine | { readonly fault: string } {
  const value = readLoosely(given);
  const parsed = lineSchema.safeParse(value);
  if (!parsed.success) return { fault: faultOf(value, parsed.error) };
  const extra = own === undefined || isPlain(own) ? { success: true as const, data: own } : dossierFields.meta.safeParse(own);
  if (!extra.success) return { fault: shorten(extra.error.issues[0]?.message ?? 'cannot be kept').replace(/^meta\./, '') };
  const { external_id: externalId = null, name, comment, active, valid_from: from, valid_until: until, meta, photo, photos } = parsed.data;
  return {
    externalId,
    name,
    comment: comment ?? undefined,
    active: active ?? undefined,
    validFrom: boundOf(from),
    validUntil: boundOf(until),
    meta: meta ?? undefined,
    extra: extra.data,
    photoPaths: photoPathsOf(photo, photos),
  };
}

/** Short texts that can be kept: to look closer at each would take longer than to read the line. */
function isPlain(own: object): own is Meta {
  let length = 0;
  for (const [key, value] of Object.entries(own)) {
    if (typeof value !== 'string' || textFault(value) !== null || textFault(key) !== null) return false;
    length += key.length + value.length;
  }
  return length < plainCharacters;
}

const plainCharacters = 10_000;

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
function wrapperFault(value: object, fields: object): { readonly fault: string } | null {
  if (Object.hasOwn(fields, 'name')) return null;
  const lists = Object.entries(value).filter(([, item]) => Array.isArray(item) && typeof item[0] === 'object' && item[0] !== null);
  const [key] = lists.length === 1 ? (lists[0] ?? []) : [];
  return key === undefined
    ? null
    : { fault: `is an object around a list, not a person; give the list ${JSON.stringify(shorten(key))} by itself` };
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
