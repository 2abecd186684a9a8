import { sizeText } from '@dossier/domain/size.ts';
import { dossierBounds } from '@dossier/domain/dossier.ts';
import type { Json, Meta } from '@dossier/domain/dossier.ts';
import type { StoredContent } from '@dossier/domain/dossier-hash.ts';
import { changeMeta, datesFault, readStoredMeta } from './dossier-content.ts';

/** The fields of a dossier that many get at once. */
export type BulkFields = Pick<StoredContent, 'active' | 'comment' | 'valid_from' | 'valid_until' | 'meta'>;

/** What becomes of the content of each; what is undefined stays. */
export interface ContentChange {
  readonly active?: boolean | undefined;
  readonly valid_from?: string | null | undefined;
  readonly valid_until?: string | null | undefined;
  /** A line that goes behind the comment, unless it is the last one already. */
  readonly add_comment?: string | undefined;
  /** Fields that are set; null takes one away. */
  readonly meta?: Meta | undefined;
}

export type ChangedFields = { readonly fields: BulkFields } | { readonly code: 'BAD_PARAM' | 'TOO_LARGE'; readonly fault: string };

/** A dossier's fields after the change, or why it can't be made. The same change once more changes nothing. */
export function changeFields(before: BulkFields, change: ContentChange): ChangedFields {
  const fields: BulkFields = {
    active: change.active ?? before.active,
    valid_from: change.valid_from === undefined ? before.valid_from : change.valid_from,
    valid_until: change.valid_until === undefined ? before.valid_until : change.valid_until,
    comment: withLine(before.comment, change.add_comment),
    meta: before.meta,
  };
  const dates = datesFault(fields);
  if (dates !== null) return { code: 'BAD_PARAM', fault: `${dates}.` };
  if (fields.comment.length > dossierBounds.comment && Array.from(fields.comment).length > dossierBounds.comment)
    return { code: 'TOO_LARGE', fault: `comment: would have more than ${dossierBounds.comment} characters.` };
  if (change.meta === undefined) return { fields };
  const stored = readStoredMeta(before.meta);
  if ('fault' in stored) return { code: 'BAD_PARAM', fault: `${stored.fault}.` };
  const meta = changeMeta(before.meta, withFields(stored.meta, change.meta));
  if (Buffer.byteLength(meta) > dossierBounds.metaBytes)
    return { code: 'TOO_LARGE', fault: `meta: would have more than ${sizeText(dossierBounds.metaBytes)}.` };
  return { fields: { ...fields, meta } };
}

function withLine(comment: string, line: string | undefined): string {
  if (line === undefined || comment === line || comment.endsWith(`\n${line}`)) return comment;
  return comment === '' ? line : `${comment}\n${line}`;
}

function withFields(stored: Meta, change: Meta): Meta {
  const entries = new Map<string, Json>(Object.entries(stored));
  for (const [key, value] of Object.entries(change)) {
    if (value === null) entries.delete(key);
    else entries.set(key, value);
  }
  return Object.fromEntries(entries);
}

export function isSame(one: BulkFields, other: BulkFields): boolean {
  return (
    one.active === other.active &&
    one.comment === other.comment &&
    one.valid_from === other.valid_from &&
    one.valid_until === other.valid_until &&
    one.meta === other.meta
  );
}
