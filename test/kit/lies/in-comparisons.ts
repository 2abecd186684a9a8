import type { Lie } from '../lying-master.ts';
import { lie, lieIn } from './case.ts';
import type { LieCase } from './case.ts';
import { identityOf, made, page, tombstone, withField } from './page.ts';
import { json, other, zeros } from './telling.ts';
import type { Row } from './telling.ts';

const inBoth = (says: string, tell: Lie, code: string): LieCase[] => lieIn(['reconcile', 'verify'], says, ['tree', tell], [code]);

/** Changes the nodes of an honest answer. */
const nodes = (change: (nodes: Row[]) => Row[]): Lie => json((said) => ({ ...said, nodes: change(said['nodes'] as Row[]) }));
const eachNode = (change: (node: Row) => Row): Lie => nodes((all) => all.map(change));
/** Of lists as short as these the root is a leaf. */
const rowsOf = (node: Row): [string, string][] => node['rows'] as [string, string][];

/** What is wrong in the answers by which replica and master are compared. */
export const inComparisons: readonly LieCase[] = [
  ...inBoth(
    'a tree of another list',
    json((said) => ({ ...said, dossier_list: other })),
    'ANSWER_OF_ANOTHER_LIST',
  ),
  ...inBoth(
    'a node that there is not',
    eachNode((node) => ({ ...node, prefix: 'everything' })),
    'ANSWER_MALFORMED',
  ),
  ...inBoth(
    'a node that was not asked for',
    nodes((all) => [...all, ...all.map((node) => ({ ...node, prefix: 'abc' }))]),
    'ANSWER_NOT_ASKED_FOR',
  ),
  ...inBoth(
    'a node twice',
    nodes((all) => [...all, ...all]),
    'ANSWER_NOT_ASKED_FOR',
  ),
  ...inBoth(
    'a node without what is below it',
    eachNode(({ prefix, count, hash }) => ({ prefix, count, hash })),
    'ANSWER_MALFORMED',
  ),
  ...inBoth(
    'another hash of a node than what is below it has',
    eachNode((node) => ({ ...node, hash: zeros })),
    'TREE_DIFFERS',
  ),
  ...inBoth(
    'another count of a node than what is below it has',
    eachNode((node) => ({ ...node, count: 1000 })),
    'TREE_DIFFERS',
  ),
  ...inBoth(
    'a leaf with a dossier less',
    eachNode((node) => ({ ...node, rows: rowsOf(node).slice(1) })),
    'TREE_DIFFERS',
  ),
  ...inBoth(
    'a tree that does not have the digest',
    json((said) => ({ ...said, position: { ...(said['position'] as Row), digest: zeros } })),
    'TREE_DIFFERS',
  ),
  ...inBoth(
    'no tree at all',
    nodes(() => []),
    'TREE_DIFFERS',
  ),
  ...inBoth(
    'the hash of one dossier twice',
    eachNode((node) => ({ ...node, rows: [...rowsOf(node), ...rowsOf(node).slice(0, 1)] })),
    'DOSSIER_REPEATED',
  ),
  ...inBoth(
    'the hashes of a thousand dossiers in one leaf',
    eachNode((node) => ({
      ...node,
      rows: Array.from({ length: 1000 }, (_, n) => [`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`, zeros]),
    })),
    'ANSWER_MALFORMED',
  ),
  lie(
    'dossiers that were not asked for',
    ['reconcile', 'rows', page(({ rows }) => void (rows[0] &&= withField(rows[0], 'uuid', () => made(1))))],
    ['ANSWER_NOT_ASKED_FOR'],
  ),
  lie(
    'that dossiers left the list when it was asked for them',
    ['reconcile', 'rows', page(({ rows, tombstones }) => void tombstones.push(...rows.splice(0).map((row) => tombstone(identityOf(row)))))],
    ['ANSWER_NOT_ASKED_FOR'],
  ),
  lie('dossiers of another list', ['reconcile', 'rows', page(({ end }) => void (end['dossier_list'] = other))], ['ANSWER_OF_ANOTHER_LIST']),
  lie(
    'dossiers for another time, again and again',
    [
      'reconcile',
      'rows',
      page(({ rows, end }, { asked }) => {
        rows.splice(0);
        end['left'] = asked.url.searchParams.get('uuids')?.split(',').length;
      }),
    ],
    ['FEED_ENDLESS'],
  ),
];
