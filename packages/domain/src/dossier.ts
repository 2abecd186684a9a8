/** Bounds of a dossier's fields, the same on master and slave. Lengths are in Unicode code points unless a unit is named. */
export const dossierBounds = {
  name: 256,
  comment: 10_000,
  externalId: 256,
  /** Nesting of `meta`, the outermost object counting as one. */
  metaDepth: 32,
  metaBytes: 512 * 1024,
  photos: 500,
  /** Base64 characters of a photo's opaque recognition features (8 KB). */
  featuresCharacters: 10_924,
} as const;

/**
 * Why a text can't be kept, or null if it can. PostgreSQL holds neither U+0000 nor lone surrogates; such a text is refused at
 * the door, on master and slave alike, rather than altered.
 */
export function textFault(text: string): string | null {
  if (text.includes('\u0000')) return 'holds the character U+0000, which cannot be stored';
  if (!text.isWellFormed()) return 'holds half of a surrogate pair (not valid Unicode)';
  return null;
}

/** A JSON value as JSON.parse returns it. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** A dossier's own fields, as JSON.parse returns them. */
export type Meta = { [key: string]: Json };

/** Why a value can't be kept as `meta`, with the path to the fault, or null if it can. */
export function metaFault(value: unknown, path = 'meta', depth = 1): string | null {
  if (typeof value === 'string') {
    const fault = textFault(value);
    return fault ? `${path} ${fault}` : null;
  }
  if (typeof value === 'number')
    return Number.isFinite(value) ? null : `${path} is a number that cannot be kept as it is written; put it in quotes, as a text`;
  if (value === null || typeof value === 'boolean') return null;
  if (typeof value !== 'object') return `${path} is no JSON value`;
  if (depth > dossierBounds.metaDepth) return `${path} is nested deeper than ${dossierBounds.metaDepth} levels`;
  for (const [key, item] of Object.entries(value)) {
    const keyFault = textFault(key);
    if (keyFault) return `a key under ${path} ${keyFault}`;
    const fault = metaFault(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key.slice(0, 40)}`, depth + 1);
    if (fault) return fault;
  }
  return null;
}

/** Whether a dossier is to be regarded on a day, or not yet, or no longer. */
export type Validity = 'valid' | 'not yet' | 'expired';

/** The validity of a dossier on a day; all dates are `YYYY-MM-DD`, and both bounds are included. */
export function validityOn(
  day: string,
  { valid_from: from, valid_until: until }: { valid_from: string | null; valid_until: string | null },
): Validity {
  if (until !== null && until < day) return 'expired';
  return from !== null && from > day ? 'not yet' : 'valid';
}
