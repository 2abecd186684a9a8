import { createHash } from 'node:crypto';

/** A photo as part of a dossier's content. */
export interface ModelPhoto {
  sha256: string;
  width: number;
  height: number;
  bytes: number;
  features: string | null;
}

/** A dossier as the model knows it. Never altered: an edit makes another one. */
export interface Content {
  uuid: string;
  name: string;
  comment: string;
  active: boolean;
  /** As PostgreSQL prints it. */
  meta: string;
  externalId: string | null;
  photos: readonly ModelPhoto[];
}

const hashes = new WeakMap<Content, string>();

/**
 * The content hash, computed here without the database and without the product: docs/protocol.md, "Positions and pages". 32 hexadecimal
 * digits.
 */
export function hashOf(content: Content): string {
  const known = hashes.get(content);
  if (known !== undefined) return known;
  const lines = content.photos
    .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
    .map((photo) => `${photo.sha256} ${photo.width} ${photo.height} ${photo.bytes} image/jpeg ${photo.features ?? ''}\n`);
  const photos = lines.length === 0 ? '' : createHash('sha256').update(lines.join('')).digest('hex');
  const measured = (text: string): string => `${Buffer.byteLength(text)}:${text}`;
  const text = [
    `dossier/1 ${content.uuid} ${content.active} ${photos} `,
    measured(content.name),
    measured(content.comment),
    content.externalId === null ? '-' : measured(content.externalId),
    content.meta,
  ].join('');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 32);
  hashes.set(content, hash);
  return hash;
}

/** XOR of hashes, 32 hexadecimal digits. */
export function digestOf(all: Iterable<string>): string {
  let digest = 0n;
  for (const hash of all) digest ^= BigInt(`0x${hash}`);
  return digest.toString(16).padStart(32, '0');
}
