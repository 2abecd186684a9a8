import { digestOf, innerHash, leafHash } from '@dossier/domain/tree.ts';
import type { TreeNode } from '@dossier/protocol/feed.ts';
import { expect, test } from 'vitest';
import { requireTree } from './tree-answer.ts';

const uuidOf = (begin: string, n: number): string =>
  `${begin}${n.toString(16).padStart(32 - begin.length, '0')}`.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const rowsOf = (begin: string, count: number): [string, string][] =>
  Array.from({ length: count }, (_, n) => [uuidOf(begin, n), n.toString(16).padStart(64, '0')]);
const leafOf = (prefix: string, rows: [string, string][]): TreeNode => ({ prefix, count: rows.length, hash: leafHash(prefix, rows), rows });

const [a, b] = [leafOf('a', rowsOf('a', 20)), leafOf('b', rowsOf('b', 20))];
const children: [string, number, string][] = [
  ['a', 20, a.hash],
  ['b', 20, b.hash],
];
const root: TreeNode = { prefix: '', count: 40, hash: innerHash('', children), children };
const position = { epoch: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff', revision: 40, count: 40, digest: digestOf(40, root.hash) };
const asked = ['', 'a', 'b', 'c'];
const refused = (nodes: TreeNode[], code: string, of = { asked, position }): void =>
  expect(() => requireTree(nodes, of)).toThrow(expect.objectContaining({ code }));

test('nodes that are what they say are taken, also if not all that were asked for are there', () => {
  requireTree([root, a, b], { asked, position });
  requireTree([a], { asked: ['a', 'c'], position });
  requireTree([], { asked: ['a'], position });
  requireTree([], { asked: [''], position: { ...position, digest: digestOf(0, null) } });
});

test('nodes that contradict themselves, their question or their position are refused', () => {
  refused([a], 'ANSWER_NOT_ASKED_FOR', { asked: ['b'], position });
  refused([root, a, a], 'ANSWER_NOT_ASKED_FOR');
  refused([{ ...a, prefix: 'b' }], 'ANSWER_NOT_ASKED_FOR');
  refused([leafOf('a', [...rowsOf('a', 3), ...rowsOf('b', 1)])], 'ANSWER_NOT_ASKED_FOR');
  refused([leafOf('a', [...rowsOf('a', 3), ...rowsOf('a', 1)])], 'DOSSIER_REPEATED');
  refused([{ ...root, children: [...children, ...children.slice(1)] }], 'DOSSIER_REPEATED');
  refused([{ prefix: 'a', count: 20, hash: a.hash }], 'ANSWER_MALFORMED');
  refused([{ ...root, rows: [] }], 'ANSWER_MALFORMED');
  refused([{ ...a, count: 19 }], 'TREE_DIFFERS');
  refused([{ ...root, count: 39 }], 'TREE_DIFFERS');
  refused([{ ...a, hash: b.hash }], 'TREE_DIFFERS');
  refused([{ ...root, children: children.toReversed().map(([digit, count]) => [digit, count, a.hash]) }], 'TREE_DIFFERS');
  refused([root], 'TREE_DIFFERS', { asked, position: { ...position, digest: '0'.repeat(64) } });
  refused([], 'TREE_DIFFERS');
});
