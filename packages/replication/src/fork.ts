import type { Position } from '@dossier/domain/position.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import type { Fork } from './judgement.ts';
import type { LinkRow } from './links.ts';

/** The position of the last verified sync, or null before the first. */
export function knownPosition(link: LinkRow): Position | null {
  if (link.epoch === null || link.revision === null || link.digest === null || link.dossier_count === null) return null;
  return { epoch: link.epoch, revision: link.revision, digest: link.digest, count: link.dossier_count };
}

export function samePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.digest === b.digest && a.count === b.count;
}

/**
 * Whether the master shows another history than the one that the replica followed, from what the slave holds alone: another list or node
 * under the same address, another epoch, a head below what was reached, or another content at the same revision. A history that was edited
 * past the old head shows only when its changes don't lead to its digest: see `brokenDelta`. Of a list that was withdrawn counts where it stood then; another
 * list or node is no question for a person there, but refused.
 */
export function findFork(link: LinkRow, head: Head): Fork | null {
  const followed = knownPosition(link);
  const known = followed ?? link.withdrawn_position;
  if (!known) return null;
  const { position } = head;
  if (followed && link.remote_node !== null && head.node !== link.remote_node) {
    return { kind: 'identity', sentence: `Another node than the linked master answers at ${link.remote_url}.` };
  }
  if (followed && link.remote_list !== null && head.dossier_list !== link.remote_list) {
    return {
      kind: 'identity',
      sentence: `The master's list ${link.remote_list_id} (${JSON.stringify(head.name)}) is another list than the one that was linked.`,
    };
  }
  if (known.epoch !== position.epoch) {
    if (goesOn(known, head)) return null;
    return {
      kind: 'epoch',
      sentence: "The master's list has begun a new history: it was restored from a backup, or lost changes when a stand-by took over.",
    };
  }
  if (known.revision > position.revision) {
    return {
      kind: 'revision',
      sentence: `The master's list stands at revision ${position.revision}, and this replica had ${known.revision} from it: it was put back to an older state.`,
    };
  }
  if (known.revision < position.revision || samePosition(known, position)) return null;
  return {
    kind: 'digest',
    sentence: `The master's list has another content at revision ${position.revision} than this replica had from it at the same revision.`,
  };
}

/** The master's list was pointed at other rows (a full sync of a branch, an undo, a purge), and this replica knows a part of what it was before. */
function goesOn({ epoch, revision }: Position, { former }: Head): boolean {
  return former !== null && former.epoch === epoch && revision <= former.revision;
}

/** The fork that shows when the changes since an intact replica's position don't lead to the master's digest. */
export const brokenDelta: Fork = {
  kind: 'delta',
  sentence:
    "The master's changes don't lead from what this replica had from it to what it holds: it was put back to an older state and edited.",
};
