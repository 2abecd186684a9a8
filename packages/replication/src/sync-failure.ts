import type { Failure, FailureKind } from '@dossier/domain/failure.ts';
import { answerRemedies, isAnswerRefusal } from './answer-refusal.ts';
import type { AnswerRefusal } from './answer-refusal.ts';
import { nothingChanged, triesAgain } from './run-sentences.ts';

/**
 * Why a sync run could not bring its list to the head. Whatever the code, the list keeps what it had.
 *
 * - `EXTERNAL_ADDRESS_DIFFERS`: EXTERNAL_ADDRESS is not the same on slave and master. Set it alike on both, restart, link again.
 * - `THIS_NODE_ITSELF`: the URL leads back to this node, or to a list that comes from it. Link to the master's own URL, or open the circle.
 * - `NO_SUCH_LIST`: the master has no list of that id (any more). Link another list, or cancel this link.
 * - `LIST_REPLACED`: the list under that id is another one than the list that was linked. Cancel the link and link the new list.
 * - `NODE_REPLACED`: another node answers under the master's URL. Check the URL; cancel and link anew if the master was replaced on purpose.
 * - `FEED_VERSION`: the nodes share no version of the feed. Bring the older node up to date.
 * - `HASH_DIFFERS`: a dossier arrived with a hash that is not the one of its content. As above.
 * - `DIGEST_DIFFERS`: after all repair the replica's digest would not equal the master's. Verify the list on the master.
 * - `REPLICA_DIFFERS`: a verification found dossiers that differ from the master's, or what the list declares does. Sync the list; it fetches what differs.
 * - `LIST_NOT_EMPTY`: SYNC_ON_EXISTING is `refuse` and the list held dossiers before the first sync. Purge it, or link an empty one.
 * - `MASTER_NOT_ALLOWED`: SYNC_ALLOWED_MASTERS of this node doesn't name the link's master (any more). Add its origin and restart, or cancel the link.
 * - `NO_TOKEN`: SYNC_TOKEN is not set on this node. Set it to the master's, restart.
 * - `NODE_KEY_MISSING`: this host has no key of its node, and no token to speak by either. Give it the key, restart.
 * - `DISK_FULL`: this node has no space left for rows or photos. Make space; the run is tried again.
 * - `DATABASE_UNAVAILABLE`: this node's database was away, or had no connection or memory left. The run is tried again.
 * - `INTERNAL`: something nobody foresaw. The log holds it under the run's number.
 */
export type SyncFailureCode =
  | AnswerRefusal
  | 'EXTERNAL_ADDRESS_DIFFERS'
  | 'THIS_NODE_ITSELF'
  | 'NO_SUCH_LIST'
  | 'LIST_REPLACED'
  | 'NODE_REPLACED'
  | 'FEED_VERSION'
  | 'HASH_DIFFERS'
  | 'DIGEST_DIFFERS'
  | 'REPLICA_DIFFERS'
  | 'LIST_NOT_EMPTY'
  | 'MASTER_NOT_ALLOWED'
  | 'NO_TOKEN'
  | 'NODE_KEY_MISSING'
  | 'DISK_FULL'
  | 'DATABASE_UNAVAILABLE'
  | 'INTERNAL';

const kinds: Record<Exclude<SyncFailureCode, AnswerRefusal>, FailureKind> = {
  EXTERNAL_ADDRESS_DIFFERS: 'operator',
  THIS_NODE_ITSELF: 'operator',
  NO_SUCH_LIST: 'operator',
  LIST_REPLACED: 'operator',
  NODE_REPLACED: 'operator',
  FEED_VERSION: 'operator',
  HASH_DIFFERS: 'retry',
  DIGEST_DIFFERS: 'retry',
  REPLICA_DIFFERS: 'operator',
  LIST_NOT_EMPTY: 'operator',
  MASTER_NOT_ALLOWED: 'operator',
  NO_TOKEN: 'operator',
  NODE_KEY_MISSING: 'operator',
  DISK_FULL: 'retry',
  DATABASE_UNAVAILABLE: 'retry',
  INTERNAL: 'retry',
};

const remedies: Record<SyncFailureCode, string> = {
  ...answerRemedies,
  EXTERNAL_ADDRESS_DIFFERS:
    'Set EXTERNAL_ADDRESS to the same address on slave and master, restart the one that was changed, and link again.',
  THIS_NODE_ITSELF:
    "Link to the master's own URL. If nodes replicate the list in a circle, cancel the link of the node that is to be the list's master.",
  NO_SUCH_LIST: 'Look up the id of the list on the master and link that one. A link to a list that is gone can be cancelled.',
  LIST_REPLACED: 'If the new list on the master is the one you want, cancel this link and link it anew.',
  NODE_REPLACED:
    'Check the URL. If the master was replaced on purpose, forget its key ("dossier masters forget ID"), cancel this link and link it anew.',
  FEED_VERSION: 'Bring the older of the two nodes up to date.',
  HASH_DIFFERS:
    'Verify the list on the master (SQL by hand or a failing disk may have changed it), and compare the versions of both nodes.',
  DIGEST_DIFFERS:
    'Verify the list on the master (SQL by hand or a failing disk may have changed it), and compare the versions of both nodes.',
  REPLICA_DIFFERS: 'Sync the list: it fetches what differs. If it happens again, look for writers and disk errors on this node.',
  LIST_NOT_EMPTY: 'Link an empty list, purge this one first, or set SYNC_ON_EXISTING to replace.',
  MASTER_NOT_ALLOWED: 'Add the origin of the master to SYNC_ALLOWED_MASTERS of this node and restart it, or cancel this link.',
  NO_TOKEN: 'Set SYNC_TOKEN to the same token as on the master, restart this node, and sync again.',
  NODE_KEY_MISSING:
    "Copy the key (NODE_KEY_FILE) from the host of this node that has it, or set NODE_KEY, and restart this host's processes; their log says more.",
  DISK_FULL: `Make space on this node's disk, or give the database and MEDIA_ROOT a larger one. ${triesAgain}`,
  DATABASE_UNAVAILABLE: `See to the server behind DATABASE_URL: that it runs, that max_connections is enough for all processes, and that it ends no long statement. ${triesAgain}`,
  INTERNAL: `Look in this node's log for the run's number. ${triesAgain}`,
};

/** A failed sync run, in words for an operator. */
export class SyncFailure extends Error implements Failure {
  override readonly name = 'SyncFailure';
  readonly code: SyncFailureCode;
  readonly kind: FailureKind;
  readonly remedy: string;

  constructor(code: SyncFailureCode, what: string, options: { cause?: unknown } = {}) {
    super(`${what} ${nothingChanged}`, options);
    this.code = code;
    this.kind = isAnswerRefusal(code) ? 'retry' : kinds[code];
    this.remedy = remedies[code];
  }
}

/** A signed answer that contradicts itself or the question, or can't be stored. */
export function answerRefused(code: AnswerRefusal, what: string, cause?: unknown): SyncFailure {
  return new SyncFailure(code, `The master's answer is refused: ${what}.`, { cause });
}
