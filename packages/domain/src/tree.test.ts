import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyDigest } from './position.ts';
import { digestOf, digestWith, innerHash, leafHash, leafRows } from './tree.ts';
import type { RowHash, StoredNode, TreeSource } from './tree.ts';

/* The definition in docs/protocol.md, told once more as plainly as can be. */

const digitsOf = (uuid: string): string => uuid.replaceAll('-', '');
const sha256 = (hex: string): string => createHash('sha256').update(Buffer.from(hex, 'hex')).digest('hex');
const hexOf = (text: string): string => Buffer.from(text).toString('hex');

function nodesUnder(prefix: string, rows: readonly RowHash[]): StoredNode[] {
  const own = rows.filter(([uuid]) => digitsOf(uuid).startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (own.length === 0) return [];
  if (own.length <= 32) {
    const leaf = sha256(`00${hexOf(prefix)}${own.map(([id, content]) => digitsOf(id) + content).join('')}`);
    return [{ prefix, count: own.length, hash: leaf, rows: own }];
  }
  const below = Array.from('0123456789abcdef', (digit) => nodesUnder(prefix + digit, own));
  const hashes = below.map(([child]) => child?.hash ?? '00'.repeat(32));
  const children = below.flatMap(([child]): [string, number, string][] =>
    child ? [[child.prefix.slice(-1), child.count, child.hash]] : [],
  );
  return [{ prefix, count: own.length, hash: sha256(`01${hexOf(prefix)}${hashes.join('')}`), children }, ...below.flat()];
}

function digestOfRows(rows: readonly RowHash[]): string {
  const root = nodesUnder('', rows)[0]?.hash ?? sha256('00');
  return sha256(`0201${rows.length.toString(16).padStart(16, '0')}${root}`);
}

/** A stored tree, and what was asked of it. */
function sourceOf(rows: readonly RowHash[]): TreeSource & { asked: string[] } {
  const nodes = new Map(nodesUnder('', rows).map((node) => [node.prefix, node]));
  const asked: string[] = [];
  return {
    asked,
    nodes: (prefixes) => {
      asked.push(...prefixes);
      return Promise.resolve(prefixes.flatMap((prefix) => nodes.get(prefix) ?? []));
    },
    rows: (prefix, limit) => Promise.resolve(rows.filter(([uuid]) => digitsOf(uuid).startsWith(prefix)).slice(0, limit)),
  };
}

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
/** Uuids of which many begin alike, so that trees are deep. */
const uuid = fc
  .tuple(fc.constantFrom('', '0', '00', 'a', 'a0a0', 'ffffff'), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map(([begin, bytes]) => (begin + Buffer.from(bytes).toString('hex')).slice(0, 32))
  .map((digits) => digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'));
const rowsOf = (maxLength: number) => fc.uniqueArray(fc.tuple(uuid, hash), { maxLength, selector: ([id]) => id, size: 'max' });

test('a digest is the one of the definition, whatever the list', () => {
  expect(digestOfRows([])).toBe(emptyDigest);
  expect(digestOf(0, null)).toBe(emptyDigest);
  fc.assert(
    fc.property(rowsOf(300), (rows) => {
      for (const node of nodesUnder('', rows)) {
        const own = node.rows ? leafHash(node.prefix, node.rows) : innerHash(node.prefix, node.children ?? []);
        expect(own).toBe(node.hash);
      }
    }),
    { numRuns: 30 },
  );
});

test('the digest with some rows exchanged is that of a list that has them', async () => {
  await fc.assert(
    fc.asyncProperty(
      rowsOf(200),
      fc.array(fc.tuple(fc.nat(), fc.option(hash)), { maxLength: 200 }),
      rowsOf(60),
      async (rows, changed, others) => {
        const exchanged = new Map<string, string | null>(others.map(([id, own], index) => [id, index % 3 === 0 ? null : own]));
        for (const [index, own] of changed) {
          const [id] = rows[index % rows.length] ?? [];
          if (id !== undefined) exchanged.set(id, own);
        }
        const wanted = new Map<string, string>(rows);
        for (const [id, own] of exchanged) {
          if (own === null) wanted.delete(id);
          else wanted.set(id, own);
        }
        expect(await digestWith(exchanged, sourceOf(rows))).toEqual({ count: wanted.size, digest: digestOfRows([...wanted]) });
      },
    ),
    { numRuns: 150 },
  );
});

test('only the nodes above the rows are asked for', async () => {
  const rows = Array.from({ length: 5000 }, (_, n): RowHash => {
    const digits = createHash('sha256').update(String(n)).digest('hex');
    return [digits.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), digits];
  });
  const [first] = rows;
  const source = sourceOf(rows);
  await digestWith(new Map([[first?.[0] ?? '', null]]), source);
  expect(source.asked.every((prefix) => digitsOf(first?.[0] ?? '').startsWith(prefix))).toBe(true);
  expect(source.asked.length).toBeLessThan(6);
  expect(leafRows).toBe(32);
});
