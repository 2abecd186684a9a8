import { createHash } from 'node:crypto';
import { digestOf, innerHash, leafHash, leafRows } from '@dossier/domain/tree.ts';
import type { ChildHash, RowHash } from '@dossier/domain/tree.ts';

/** A photo as somebody writes it into a row. */
export interface ModelPhoto {
  bytes: number;
  created_date: string;
  height: number;
  media_type: 'image/jpeg';
  sha256: string;
  width: number;
}

/** A dossier in one list as the model knows it. Never altered: an edit makes another one. JSON is the text that was written. */
export interface Content {
  uuid: string;
  name: string;
  comment: string;
  active: boolean;
  externalId: string | null;
  validFrom: string | null;
  validUntil: string | null;
  meta: string;
  photos: string;
  features: string | null;
  /** Where somebody changed the row past all triggers: what it was before, whose hash it still bears. */
  original?: Content;
}

export function photosOf(content: Content): ModelPhoto[] {
  return JSON.parse(content.photos) as ModelPhoto[];
}

export function featuresOf(content: Content): (string | null)[] {
  return content.features === null ? photosOf(content).map(() => null) : (JSON.parse(content.features) as (string | null)[]);
}

const hashes = new WeakMap<Content, string>();

/**
 * The hash of a content, computed here without the database and without the product: SHA-256 over a version byte and the content fields, each with
 * its length in four bytes before it (docs/protocol.md). 64 hexadecimal digits.
 */
export function hashOf(content: Content): string {
  const known = hashes.get(content);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(Buffer.from([1]));
  const fields = [
    Buffer.from([content.active ? 1 : 0]),
    ...[content.externalId, content.name, content.comment].map(textBytes),
    ...[content.validFrom, content.validUntil].map(dayBytes),
    ...[content.meta, content.photos, content.features].map(textBytes),
  ];
  for (const field of fields) hash.update(int32(field?.length ?? -1)).update(field ?? '');
  const digest = hash.digest('hex');
  hashes.set(content, digest);
  return digest;
}

/** The hash that a row bears. */
export function statedHash(content: Content): string {
  return hashOf(content.original ?? content);
}

function textBytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text);
}

function dayBytes(day: string | null): Buffer | null {
  return day === null ? null : int32((Date.parse(day) - Date.UTC(2000, 0)) / 86_400_000);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** All nodes of the digest's tree over some rows, by prefix. */
export type Tree = ReadonlyMap<string, { count: number; hash: string }>;

/** Makes the whole tree from the rows, without anything that was known before. */
export function treeOf(rows: Iterable<RowHash>): Tree {
  const tree = new Map<string, { count: number; hash: string }>();
  const digits = Array.from(rows, ([uuid, hash]): RowHash => [uuid.replaceAll('-', ''), hash]);
  grow('', digits, tree);
  return tree;
}

function grow(prefix: string, rows: readonly RowHash[], tree: Map<string, { count: number; hash: string }>): ChildHash | null {
  const count = rows.length;
  if (count === 0) return null;
  const hash = count <= leafRows ? leafHash(prefix, rows) : innerHash(prefix, childrenOf(prefix, rows, tree));
  tree.set(prefix, { count, hash });
  return [prefix.slice(-1), count, hash];
}

function childrenOf(prefix: string, rows: readonly RowHash[], tree: Map<string, { count: number; hash: string }>): ChildHash[] {
  const children: ChildHash[] = [];
  for (const digit of '0123456789abcdef') {
    const below = rows.filter(([uuid]) => uuid.charAt(prefix.length) === digit);
    const child = grow(prefix + digit, below, tree);
    if (child) children.push(child);
  }
  return children;
}

/** The digest of a list whose rows have this tree. */
export function digestOfTree(tree: Tree): string {
  const root = tree.get('');
  return digestOf(root?.count ?? 0, root?.hash ?? null);
}

/** The digest of a list of these rows. */
export function digestOfRows(rows: Iterable<RowHash>): string {
  return digestOfTree(treeOf(rows));
}

/** The first place where a tree that is stored isn't the one of the rows; empty if there is none. */
export function differenceOfTrees(stored: Tree, expected: Tree): string {
  for (const [prefix, node] of expected) {
    const found = stored.get(prefix);
    if (found?.count !== node.count || found.hash !== node.hash)
      return `the node "${prefix}" is of ${found?.count ?? 0} rows instead of ${node.count}, or has another hash`;
  }
  for (const prefix of stored.keys()) if (!expected.has(prefix)) return `the node "${prefix}" has no rows`;
  return '';
}
