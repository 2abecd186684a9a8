import { canonicalJson } from '@dossier/domain/canonical-json.ts';
import { dossierBounds, metaFault } from '@dossier/domain/dossier.ts';
import type { Json, Meta } from '@dossier/domain/dossier.ts';
import { parseJson } from '@dossier/domain/whole-numbers.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { readPhotos, writePhotos } from '@dossier/domain/photo.ts';
import type { ShownPhoto } from '@dossier/domain/photo.ts';

/** What a dossier has where nothing is said. */
export const emptyContent: StoredContent = {
  active: true,
  external_id: null,
  name: '',
  comment: '',
  valid_from: null,
  valid_until: null,
  meta: '{}',
  photos: '[]',
  features: null,
};

/** The text of `meta`: what is equal stays as it was written, what isn't given too. */
export function changeMeta(stored: string, meta: Meta | undefined): string {
  if (meta === undefined) return stored;
  const text = canonicalJson(meta);
  return text === stored || text === canonicalJson(JSON.parse(stored) as Json) ? stored : text;
}

/** The content with other photos; their texts stay as they are written where they say the same. */
export function withPhotos(content: StoredContent, shown: readonly ShownPhoto[]): StoredContent {
  const texts = writePhotos(shown);
  const before = writePhotos(readPhotos(content));
  return before.photos === texts.photos && before.features === texts.features ? content : { ...content, ...texts };
}

/** The fields of a `meta` that is stored, or why it has none that can be written again: by hand it may be anything, or have numbers that would become others. */
export function readStoredMeta(stored: string): { readonly meta: Meta } | { readonly fault: string } {
  const found = parseJson(stored);
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return { fault: 'meta is no object' };
  const fault = metaFault(found);
  return fault === null ? { meta: found as Meta } : { fault };
}

/** The text of `meta` with further fields in it, or why it can't have them; what is equal stays as it was written. */
export function extendMeta(stored: string, fields: Meta | undefined): string | { readonly fault: string } {
  if (fields === undefined) return stored;
  const before = readStoredMeta(stored);
  if ('fault' in before) return { fault: `${before.fault}; it was written by hand` };
  const text = changeMeta(stored, { ...before.meta, ...fields });
  return Buffer.byteLength(text) > dossierBounds.metaBytes ? { fault: 'meta: has more fields than fit' } : text;
}

/** Why the dates of a dossier don't fit each other, or null. */
export function datesFault({ valid_from: from, valid_until: until }: Pick<StoredContent, 'valid_from' | 'valid_until'>): string | null {
  return from !== null && until !== null && until < from ? `valid_until: ${until} is before valid_from (${from})` : null;
}
