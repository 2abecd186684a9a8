import { digestOf, innerHash, leafHash } from '@dossier/domain/tree.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { TreeNode } from '@dossier/protocol/feed.ts';
import { requireOnce } from './once.ts';
import { answerRefused } from './sync-failure.ts';

/**
 * Refuses nodes of a tree that contradict themselves: each has to be one that was asked for, once, with the hash of what it says is below it; the root has to
 * have the digest of the position. Throws SyncFailure.
 */
export function requireTree(nodes: readonly TreeNode[], { asked, position }: { asked: readonly string[]; position: Position }): void {
  const open = new Set(asked);
  for (const node of nodes) {
    if (!open.delete(node.prefix)) {
      throw answerRefused('ANSWER_NOT_ASKED_FOR', `it holds the node "${node.prefix}" of the tree, for which nobody asked, or twice`);
    }
    requireNode(node);
  }
  const root = nodes.find((node) => node.prefix === '');
  if (!root && !asked.includes('')) return;
  if (digestOf(root?.count ?? 0, root?.hash ?? null) !== position.digest) {
    throw answerRefused('TREE_DIFFERS', 'the root of its tree is not the one of its digest');
  }
}

function requireNode({ prefix, count, hash, rows, children }: TreeNode): void {
  if ((rows === undefined) === (children === undefined)) {
    throw answerRefused('ANSWER_MALFORMED', `the node "${prefix}" of its tree has not either rows or children`);
  }
  const below = rows ?? children ?? [];
  requireOnce(below.map(([name]) => name));
  for (const [uuid] of rows ?? []) {
    if (!uuid.replaceAll('-', '').startsWith(prefix)) {
      throw answerRefused('ANSWER_NOT_ASKED_FOR', `the dossier ${uuid} does not belong to the node "${prefix}" of its tree`);
    }
  }
  const counted = rows ? rows.length : (children ?? []).reduce((sum, child) => sum + child[1], 0);
  const own = rows ? leafHash(prefix, rows) : innerHash(prefix, children ?? []);
  if (counted !== count || own !== hash) {
    throw answerRefused('TREE_DIFFERS', `the node "${prefix}" of its tree has not the count and hash of what is below it`);
  }
}
