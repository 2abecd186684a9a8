import type { Knex } from 'knex';
import type { Position } from '@dossier/domain/position.ts';
import { preparedOne, query, sqlState, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { lockLists, pointAt, settleDigest } from '@dossier/registry/positions.ts';
import { findableApply } from './apply-cancellation.ts';
import type { RunCursor } from './cursors.ts';
import { sidesOf, touches } from './difference.ts';
import { FencedError } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { standing } from './holds.ts';
import { declare } from './list-declaration.ts';
import { closeJournal, forgetJournal, openJournal } from './journal.ts';
import { judge, recordHold } from './judgement.ts';
import type { Fork, Judged, JudgedRun } from './judgement.ts';
import { mergeChanges } from './merge.ts';
import type { MergeCounts } from './merge.ts';
import { forgetUnshownPhotos } from './missing-photos.ts';
import { countRestored, settleOfflineDeletions } from './offline-deletions.ts';
import { prepareSet, settleIds } from './pointing.ts';
import { UnfitPageError, writePage } from './received-page.ts';
import type { Received } from './receive.ts';
import { listMended, recordRepair } from './repair.ts';
import { deepVerified, verified } from './run-endings.ts';
import { putSetAsideBack, readSetAside, refusedOf, requireFewRefusals, setAside } from './set-aside.ts';
import { rememberRun } from './run-history.ts';
import { requireTarget } from './standing.ts';
import { showAgain } from './withdrawal.ts';

export interface ApplyRequest {
  taken: TakenRun;
  /** What was fetched: its cursor is at the head that the list has to equal afterwards. */
  received: Received;
  headTag: string | null;
  offlineDeletions: 'restore' | 'keep-deleted';
  /** Whose list was fetched; pinned with the apply. */
  master: { node: string; list: string };
  /** What that list declares, as it is kept. */
  declaration: string;
  fork: Fork | null;
}

export interface ApplyOutcome extends MergeCounts {
  unchanged: number;
  restoredOfflineDeletions: number;
}

/**
 * Makes a list equal to what its run has fetched, in one transaction: readers see the list before or the list after. Changes are merged into the list's
 * set; a set that was filled takes its place. The digest of the rows has to be the target's, or everything is rolled back. A difference that a guard
 * stops is recorded instead of applied, and the run is over: `held`.
 *
 * Throws FencedError or ApplyRefused; after either the list is as it was.
 */
export async function applyRun(database: Database, request: ApplyRequest): Promise<ApplyOutcome | 'held'> {
  const { taken, received } = request;
  const { setId: newSet } = received.cursor;
  if (newSet !== null) await prepareSet(database, taken, newSet);
  try {
    return await transaction(database, (tx) => apply(tx, request));
  } catch (error) {
    // Two dossiers with one external id: no list of a master has them.
    throw sqlState(error) === uniqueViolation ? new UnfitPageError(error) : error;
  }
}

const uniqueViolation = '23505';

async function apply(tx: Knex.Transaction, request: ApplyRequest): Promise<ApplyOutcome | 'held'> {
  const { taken, received, fork, master } = request;
  const { runId, listId } = taken;
  const { method, head: target, setId: newSet } = received.cursor;
  await lockLink(tx, taken);
  const [list] = await lockLists(tx, [listId]);
  if (!list) throw new FencedError();
  if (list.digest === null) await settleDigest(tx, listId);
  if (received.unkept) await writePage(tx, taken, { ...received.unkept, cursor: received.cursor });
  const run: JudgedRun = { runId, listId, setId: list.set_id, newSet, method, target, fork, master };
  const setAsideBefore = await readSetAside(tx, listId);
  await requireFewRefusals(tx, runId, target.count);
  await setAside(tx, { ...run, comparable: false, offlineDeletions: request.offlineDeletions });
  if (newSet !== null) await requireTarget(tx, { listId, setId: newSet }, target);
  const judged = await judge(tx, run);
  if (judged.judgement === 'hold') {
    await hold(tx, run, judged);
    // The list keeps what it has, and so does what is known of the rest.
    await putSetAsideBack(tx, listId, setAsideBefore);
    return 'held';
  }
  const mended = judged.damage ? await listMended(tx, { ...run, comparable: false }, judged.damage) : [];
  const isChange = touches(judged.difference) > 0;
  const isJournalled = isChange && judged.damage !== 'everything';
  if (isJournalled) await openJournal(tx, { ...run, comparable: false }, setAsideBefore);
  // What a repair mended is nothing that anybody would want back.
  else if (isChange) await forgetJournal(tx, listId);
  await rememberRun(tx, {
    runId,
    listId,
    held: judged.difference.held,
    touched: touches(judged.difference),
    ...sidesOf(run),
  });
  const counts = await change(tx, run, judged, isJournalled ? 'undo' : 'garbage');
  await declare(tx, run, request.declaration);
  const restored = countRestored(await query(tx, settleOfflineDeletions, { listId, runId }));
  await closeJournal(tx, listId);
  await showAgain(tx, listId);
  if (mended.length > 0) await recordRepair(tx, { ...run, comparable: false }, mended);
  const outcome = { ...counts, unchanged: target.count - counts.added - counts.changed, restoredOfflineDeletions: restored };
  // A photo that is no more shown keeps nobody from being equal.
  await forgetUnshownPhotos(tx, listId);
  await savePosition(tx, request, { counts: outcome, holdEndsAs: judged.judgement === 'approved' ? 'applied' : 'superseded' });
  return outcome;
}

/** Makes the list what was judged. Throws ApplyRefused if that isn't the master's list. */
async function change(tx: Knex.Transaction, run: JudgedRun, { difference }: Judged, purpose: 'undo' | 'garbage'): Promise<MergeCounts> {
  const { listId, setId, newSet, target } = run;
  if (newSet === null) {
    const counts = await mergeChanges(tx, run);
    await requireTarget(tx, { listId, setId }, target);
    return counts;
  }
  if (touches(difference) > 0) {
    await settleIds(tx, { listId, newSet });
    await pointAt(tx, { listId, newSet, purpose });
  }
  return { added: difference.adding, changed: difference.changing, removed: difference.removing };
}

class RolledBack extends Error {}

/** Records a hold, unless what would be held isn't the master's list: that is no question for a person, another method is tried. Throws ApplyRefused. */
async function hold(tx: Knex.Transaction, run: JudgedRun, { difference, hold: needed }: Judged): Promise<void> {
  if (!needed) throw new Error('a hold has a reason');
  if (run.newSet === null) {
    const tried = tx.transaction(async (savepoint) => {
      await mergeChanges(savepoint, run);
      await requireTarget(savepoint, { listId: run.listId, setId: run.setId }, run.target);
      throw new RolledBack();
    });
    await tried.catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  }
  await recordHold(tx, run, { difference, hold: needed });
}

/** Bytes that a step of an apply may take in memory. */
const applyMemory = 64 * 1024 * 1024;

/** Holds the link's row against other workers until the commit; runs may be asked for meanwhile (`requestRun`). */
async function lockLink(tx: Knex.Transaction, { listId, fence }: TakenRun): Promise<void> {
  const link = await preparedOne<{ fence: number }>(tx, 'lock link', {
    sql: `select fence, ${findableApply},
       set_config('work_mem', greatest(pg_size_bytes(current_setting('work_mem')), ${applyMemory}) / 1024 || 'kB', true)
     from links where slave_list_id = :listId and state <> 'unlinking' for no key update`,
    parameters: { listId },
  });
  if (link?.fence !== fence) throw new FencedError();
}

/** Ends the run and its link's wait. */
async function savePosition(
  tx: Knex.Transaction,
  { taken, received, headTag, master, declaration }: ApplyRequest,
  { counts, holdEndsAs }: { counts: ApplyOutcome; holdEndsAs: 'applied' | 'superseded' },
): Promise<void> {
  await preparedOne(tx, 'save position', {
    sql: `with link as (
       update links k set state = 'synced', error = null, epoch = :epoch, revision = :revision, digest = :digest, dossier_count = :count,
         own_digest = p.digest, declaration_hash = declaration_hash(:declaration::json), head_tag = :headTag, remote_node = :node, remote_list = :list, deep_verified_at = ${deepVerified},
         head_revision = :revision, remote_count = :count, last_success = now(), applied_date = now(), verified_at = ${verified}
       from list_positions p where k.slave_list_id = :listId and p.list_id = :listId
     ),
     letters as (delete from dead_letters where slave_list_id = :listId),
     hold as (update holds set state = :holdEndsAs where slave_list_id = :listId and ${standing})
     update runs set state = 'synced', finished_date = now(), heartbeat = now(), error = null, next_attempt = null, added = :added, changed = :changed,
       removed = :removed, unchanged = :unchanged, restored_offline_deletions = :restored, set_aside = ${refusedOf('runs.slave_list_id')}
     where id = :runId`,
    parameters: {
      ...received.cursor.head,
      headTag,
      declaration,
      listId: taken.listId,
      ...master,
      added: counts.added,
      changed: counts.changed,
      removed: counts.removed,
      unchanged: counts.unchanged,
      restored: counts.restoredOfflineDeletions,
      runId: taken.runId,
      holdEndsAs,
    },
  });
}

/** The head that a hold is about, as the position that its set reaches. */
export function heldCursor(
  held: { head_epoch: string; head_revision: number; head_count: number; head_digest: string },
  setId: number,
): RunCursor {
  const head: Position = { epoch: held.head_epoch, revision: held.head_revision, count: held.head_count, digest: held.head_digest };
  return { method: 'full', phase: 'complete', setId, revision: head.revision, head };
}
