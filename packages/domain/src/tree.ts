import { createHash } from 'node:crypto';

/* The digest's tree, as the database makes it (docs/protocol.md, "Digest"): pure twins of what stands in the migrations. */

/** A row of a list: its uuid and the hash of its content, 64 hexadecimal digits. */
export type RowHash = readonly [uuid: string, hash: string];
/** What is right below an inner node: the next digit, how many rows, the hash. */
export type ChildHash = readonly [digit: string, count: number, hash: string];

/** A node of the tree with what is right below it. */
export interface StoredNode {
  /** Hexadecimal digits with which the uuids below it begin; none for the root. */
  prefix: string;
  count: number;
  hash: string;
  /** Of a leaf. */
  rows?: readonly RowHash[] | undefined;
  /** Of an inner node. */
  children?: readonly ChildHash[] | undefined;
}

/** Reads a tree that is stored, and the rows of which it is. */
export interface TreeSource {
  /** Those of these nodes that are there. */
  nodes(prefixes: readonly string[]): Promise<readonly StoredNode[]>;
  /** The rows under a prefix, at most so many. */
  rows(prefix: string, limit: number): Promise<readonly RowHash[]>;
}

/** Most rows of a leaf. */
export const leafRows = 32;

const hexDigits = Array.from('0123456789abcdef');
const emptyChild = Buffer.alloc(32);
const digitsOf = (uuid: string): string => uuid.replaceAll('-', '');

function sha256(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** The hash of a leaf. */
export function leafHash(prefix: string, rows: Iterable<RowHash>): string {
  const sorted = Array.from(rows, ([uuid, hash]) => digitsOf(uuid) + hash).toSorted();
  return sha256(Buffer.from([0]), Buffer.from(prefix), Buffer.from(sorted.join(''), 'hex'));
}

/** The hash of an inner node. */
export function innerHash(prefix: string, children: Iterable<ChildHash>): string {
  const hashes = new Map(Array.from(children, ([digit, , hash]) => [digit, Buffer.from(hash, 'hex')]));
  return sha256(Buffer.from([1]), Buffer.from(prefix), ...hexDigits.map((digit) => hashes.get(digit) ?? emptyChild));
}

/** The digest of a list of so many rows whose tree has this root; null where it has none. */
export function digestOf(count: number, root: string | null): string {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(count));
  return sha256(Buffer.from([2, 1]), number, Buffer.from(root ?? sha256(Buffer.from([0])), 'hex'));
}

/**
 * The digest that a stored list would have with some rows exchanged: each of `exchanged` has this hash instead of its own, or isn't there where that is null.
 * Only the nodes above those rows are looked at.
 */
export async function digestWith(
  exchanged: ReadonlyMap<string, string | null>,
  source: TreeSource,
): Promise<{ count: number; digest: string }> {
  const changes = Array.from(exchanged, ([uuid, hash]): Change => ({ digits: digitsOf(uuid), uuid, hash }));
  const stored = await readPaths(changes, source);
  const root = await summarize('', changes, { stored, source });
  return { count: root.count, digest: digestOf(root.count, root.count === 0 ? null : root.hash) };
}

interface Change {
  digits: string;
  uuid: string;
  hash: string | null;
}

interface Summary {
  count: number;
  hash: string;
}

const nothing: Summary = { count: 0, hash: '' };

/** The stored nodes above the changed rows, level by level. */
async function readPaths(changes: readonly Change[], source: TreeSource): Promise<Map<string, StoredNode>> {
  const stored = new Map<string, StoredNode>();
  let asked = changes.length > 0 ? new Set(['']) : new Set<string>();
  // What nothing changes is known by the root alone.
  if (changes.length === 0) for (const node of await source.nodes([''])) stored.set(node.prefix, node);
  while (asked.size > 0) {
    const found = await source.nodes([...asked]);
    asked = new Set();
    for (const node of found) {
      stored.set(node.prefix, node);
      const digits = new Set(node.children?.map(([digit]) => digit));
      for (const change of changes) {
        const digit = change.digits.charAt(node.prefix.length);
        if (digits.has(digit) && change.digits.startsWith(node.prefix)) asked.add(node.prefix + digit);
      }
    }
  }
  return stored;
}

async function summarize(
  prefix: string,
  changes: readonly Change[],
  tree: { stored: ReadonlyMap<string, StoredNode>; source: TreeSource },
): Promise<Summary> {
  const node = tree.stored.get(prefix);
  if (changes.length === 0) return node ?? nothing;
  if (node?.children === undefined) return build(prefix, merge(node?.rows ?? [], changes));
  const children: ChildHash[] = [];
  for (const digit of hexDigits) {
    const below = changes.filter((change) => change.digits.charAt(prefix.length) === digit);
    const kept = node.children.find((child) => child[0] === digit);
    const child = below.length > 0 ? await summarize(prefix + digit, below, tree) : { count: kept?.[1] ?? 0, hash: kept?.[2] ?? '' };
    if (child.count > 0) children.push([digit, child.count, child.hash]);
  }
  const count = children.reduce((sum, child) => sum + child[1], 0);
  if (count > leafRows) return { count, hash: innerHash(prefix, children) };
  return build(prefix, merge(await tree.source.rows(prefix, leafRows + changes.length), changes));
}

function merge(rows: readonly RowHash[], changes: readonly Change[]): RowHash[] {
  const merged = new Map(rows.map((row) => [digitsOf(row[0]), row]));
  for (const { digits, uuid, hash } of changes) {
    if (hash === null) merged.delete(digits);
    else merged.set(digits, [uuid, hash]);
  }
  return [...merged.values()];
}

function build(prefix: string, rows: readonly RowHash[]): Summary {
  const count = rows.length;
  if (count === 0) return nothing;
  if (count <= leafRows) return { count, hash: leafHash(prefix, rows) };
  const children = hexDigits.flatMap((digit): ChildHash[] => {
    const below = rows.filter(([uuid]) => digitsOf(uuid).charAt(prefix.length) === digit);
    const child = build(prefix + digit, below);
    return child.count > 0 ? [[digit, child.count, child.hash]] : [];
  });
  return { count, hash: innerHash(prefix, children) };
}
