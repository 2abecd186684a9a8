import { ExitError } from '@dossier/runtime/errors.ts';

/**
 * What is wrong with this node's own key. But for one that others may read, or that is set and is none, the node starts in spite of it: without a key it speaks by
 * SYNC_TOKEN alone, as far as its masters and slaves take that.
 *
 * - `NODE_KEY_UNREADABLE`: the file can't be read, or can't be made.
 * - `NODE_KEY_EXPOSED`: other users of the host may read it.
 * - `NODE_KEY_MALFORMED`: it is empty, or holds something else than one private Ed25519 key.
 * - `NODE_KEY_MISSING`: there is none, and this node has one elsewhere, or had.
 * - `NODE_KEY_DIFFERS`: it is not the key by which this node is known: another node's, or one of before `dossier node rekey`.
 */
export type NodeKeyFault = 'NODE_KEY_UNREADABLE' | 'NODE_KEY_EXPOSED' | 'NODE_KEY_MALFORMED' | 'NODE_KEY_MISSING' | 'NODE_KEY_DIFFERS';

const elsewhere =
  'Copy it from the host of this node that has it, or from a backup, or set NODE_KEY or NODE_KEY_FILE; then restart. If SYNC_TOKEN was changed, one start with the one before as SYNC_TOKEN_PREVIOUS brings it back.';
const renew =
  'If it is lost for good: "dossier node rekey --new" makes another one, which the masters of this node, and its slaves, then have to accept.';

const remedies: Record<NodeKeyFault, string> = {
  NODE_KEY_UNREADABLE:
    'Give the user that runs the node the right to read it, and to write in its folder, or set NODE_KEY_FILE to another place, or NODE_KEY.',
  NODE_KEY_EXPOSED:
    'Take the right from others ("chmod 600"). If somebody may have read it: "dossier node rekey --new", and let masters and slaves accept the new key. Without --new the one who read it could sign a key that follows, and be the first.',
  NODE_KEY_MALFORMED: `${elsewhere} ${renew}`,
  NODE_KEY_MISSING: `${elsewhere} ${renew}`,
  NODE_KEY_DIFFERS: `${elsewhere} ${renew}`,
};

export class NodeKeyError extends ExitError {
  override readonly name = 'NodeKeyError';
  readonly code: NodeKeyFault;

  constructor(code: NodeKeyFault, sentence: string, cause?: unknown) {
    super(2, `${code}: ${sentence}`, { remedy: remedies[code], cause });
    this.code = code;
  }
}
