import { hash } from 'node:crypto';

/** What of a dossier is content, as it is stored: JSON as the text that was written. The hash is made of these fields, in this order. */
export interface StoredContent {
  active: boolean;
  external_id: string | null;
  name: string;
  comment: string;
  /** `YYYY-MM-DD`, both included; null: without this bound. */
  valid_from: string | null;
  valid_until: string | null;
  /** An object. */
  meta: string;
  /** An array of photos (photo.ts), the shown face first. */
  photos: string;
  /** One text or null per photo in the same order; null where no photo has any. */
  features: string | null;
}

const version = 1;
const noField = -1;
const lengthBytes = 4;
const dateBytes = 4;
const dayMs = 86_400_000;
const firstDay = Date.UTC(2000, 0);

/**
 * The hash of a dossier's content, 64 hexadecimal digits: SHA-256 over a version byte and the fields as PostgreSQL's COPY writes them in its binary format.
 * The twin of dossier_hash() in the database.
 */
export function dossierHash(content: StoredContent): string {
  const before = [content.external_id, content.name, content.comment];
  const after = [content.meta, content.photos, content.features];
  let size = 1 + lengthBytes + 1 + 2 * (lengthBytes + dateBytes);
  // Three bytes for each unit of UTF-16 are always enough, and quicker found than the right number.
  for (const text of before) size += lengthBytes + 3 * (text?.length ?? 0);
  for (const text of after) size += lengthBytes + 3 * (text?.length ?? 0);
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = version;
  let at = bytes.writeInt32BE(1, 1);
  bytes[at] = content.active ? 1 : 0;
  at += 1;
  for (const text of before) at = writeText(bytes, text, at);
  at = writeDate(bytes, content.valid_from, at);
  at = writeDate(bytes, content.valid_until, at);
  for (const text of after) at = writeText(bytes, text, at);
  return hash('sha256', bytes.subarray(0, at));
}

function writeText(bytes: Buffer, text: string | null, at: number): number {
  if (text === null) return bytes.writeInt32BE(noField, at);
  const length = bytes.write(text, at + lengthBytes);
  return bytes.writeInt32BE(length, at) + length;
}

function writeDate(bytes: Buffer, date: string | null, at: number): number {
  if (date === null) return bytes.writeInt32BE(noField, at);
  return bytes.writeInt32BE((Date.parse(date) - firstDay) / dayMs, bytes.writeInt32BE(dateBytes, at));
}
