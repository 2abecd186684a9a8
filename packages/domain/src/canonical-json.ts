import canonicalize from 'canonicalize';
import type { Json } from './dossier.ts';

/** A value in the canonical form of RFC 8785: equal values have equal texts. */
export function canonicalJson(value: Json): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value is none of JSON');
  return text;
}
