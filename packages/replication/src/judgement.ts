import type { Knex } from 'knex';
import { defaultGuards, goingOf, trippedGuards } from '@dossier/domain/guards.ts';
import type { Guards, TrippedGuard } from '@dossier/domain/guards.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import type { SyncError } from '@dossier/protocol/sync.ts';
import { preparedOne, query } from '@dossier/postgres/database.ts';
import {
  countDifference,
  countFilling,
  hashDifference,
  keepHeldDossiers,
  sidesOf,
  touches,
  withoutExchanged,
  writeDifference,
} from './difference.ts';
import type { FetchedRun, ListDifference } from './difference.ts';
import { forgetRemovals, noteRemovals, readWeek } from './removals.ts';
import { createHold, findStandingHold, saveExamples } from './holds.ts';
import type { HoldRow } from './holds.ts';

/** Why what the master offers may be another history than the one that the replica followed; `identity`: it is another list or node. */
export interface Fork {
  kind: 'revision' | 'digest' | 'epoch' | 'delta' | 'identity';
  /** For the operator. */
  sentence: string;
}

export interface JudgedRun extends Omit<FetchedRun, 'comparable'> {
  method: RunMethod;
  target: Position;
  fork: Fork | null;
  /** Whose list it is: what is pinned, or what answers now. */
  master: { node: string; list: string };
}

/**
 * - `free`: nothing asks a person; apply.
 * - `approved`: a person approved exactly this; apply.
 * - `hold`: nothing may be applied; `recordHold` records it.
 */
export interface Judged {
  judgement: 'free' | 'approved' | 'hold';
  difference: ListDifference;
  /**
   * What of the difference only a change of the replica behind the system's back explains: everything, where the master stands where this
   * replica was last equal to it; what the master's list has had since before; or nothing.
   */
  damage: 'everything' | 'older' | null;
  /** Why it is held. */
  hold: NeededHold | null;
}

interface NeededHold {
  hash: string;
  reasons: TrippedGuard[];
  rejected: HoldRow | null;
  approved: boolean;
}

/** A link with the position of its last verified sync; nulls before the first. */
interface JudgedLink {
  epoch: string | null;
  revision: number | null;
  digest: string | null;
  count: number | null;
  guards: Partial<Guards>;
  intact: boolean;
  /** Why the run was made. */
  reason: string;
}

/**
 * Writes and judges what the apply of a run would do, in the transaction that would apply it and before it changes the list. Exempt are the first sync of
 * a link, and a repair: when the master stands where this replica was last equal to it, only the replica can have changed.
 */
export async function judge(tx: Knex.Transaction, sync: JudgedRun): Promise<Judged> {
  const { fork, target } = sync;
  const link = await preparedOne<JudgedLink>(tx, 'judged link', {
    sql: `select guards, epoch, revision, digest, dossier_count as count, holds_position(k) as intact,
       (select reason from runs where id = :runId) as reason
     from links k where slave_list_id = :listId`,
    parameters: { listId: sync.listId, runId: sync.runId },
  });
  const before = await findStandingHold(tx, sync.listId);
  const isFirst = !link || (link.epoch === null && !before);
  const filling = isFirst ? await countFilling(tx, sync) : null;
  if (filling) return { judgement: 'free', difference: filling, damage: null, hold: null };
  // A list may be put back on purpose, as by an undo at a branch; another list's dates say nothing.
  const comparable = fork !== null && fork.kind !== 'identity';
  await writeDifference(tx, { ...sync, comparable });
  const difference = await countDifference(tx, { ...sync, comparable });
  const free: Judged = { judgement: 'free', difference, damage: null, hold: null };
  if (isFirst) return free;
  if (fork === null && isPosition(link, target)) return { ...free, damage: 'everything' };
  const damage = fork === null && !link.intact && link.revision !== null ? 'older' : null;
  const seen = withoutExchanged(difference);
  const guards = { ...defaultGuards, ...link.guards };
  const week = await readWeek(tx, sync.listId, seen.held);
  const reasons = [
    ...stickyReasons(before, target),
    ...forkReasons(fork, difference),
    ...(link.epoch === null ? [] : trippedGuards(guards, seen, week)),
  ];
  const rejected = before?.state === 'rejected' && link.reason !== 'person' && isHead(before, target) ? before : null;
  if (rejected && reasons.length === 0) reasons.push(...rejected.reasons);
  if (reasons.length === 0 || (touches(difference) === 0 && fork?.kind !== 'identity')) {
    if (link.epoch !== null) await noteRemovals(tx, sync.listId, { held: seen.held, gone: goingOf(guards, seen) });
    return { ...free, damage };
  }
  const hash = await hashDifference(tx, sync.runId, sync.master);
  const approved = before?.state === 'approved';
  if (approved && before.difference === hash && !before.overdue) {
    await forgetRemovals(tx, sync.listId);
    return { ...free, judgement: 'approved', damage };
  }
  return { judgement: 'hold', difference, damage, hold: { hash, reasons, rejected, approved } };
}

function isPosition(link: JudgedLink, target: Position): boolean {
  return link.epoch === target.epoch && link.revision === target.revision && link.digest === target.digest && link.count === target.count;
}

function isHead(hold: HoldRow, { epoch, revision, digest, count }: Position): boolean {
  return hold.head_epoch === epoch && hold.head_revision === revision && hold.head_digest === digest && hold.head_count === count;
}

/** What a person took back stays back until the master's list changes. */
function stickyReasons(before: HoldRow | null, target: Position): TrippedGuard[] {
  if (!before || !isHead(before, target)) return [];
  return before.reasons.filter(({ guard }) => guard === 'undone');
}

/**
 * A fork asks a person when it would take something from this replica: a dossier, or a content that the replica had after the revision at
 * which the master's copy was last changed. A fork that only brings new dossiers and newer contents is followed, by content. Another list
 * or node asks in any case.
 */
function forkReasons(fork: Fork | null, difference: ListDifference): TrippedGuard[] {
  const { takenBack } = difference;
  const { removing } = withoutExchanged(difference);
  const count = removing + takenBack;
  if (fork === null || (count === 0 && fork.kind !== 'identity')) return [];
  return [{ guard: 'fork', sentence: `${fork.sentence} ${removing} dossiers that are here are not on the master.`, count, limit: 0 }];
}

/** Records what is held in the place of what stood, and ends the run. A set that the run filled waits with it. */
export async function recordHold(
  tx: Knex.Transaction,
  sync: JudgedRun,
  { difference, hold: { hash, reasons, rejected, approved } }: { difference: ListDifference; hold: NeededHold },
): Promise<void> {
  const { adding, changing, removing, deactivating } = difference;
  const id = await createHold(tx, {
    slave_list_id: sync.listId,
    run_id: sync.runId,
    state: rejected ? 'rejected' : 'waiting',
    difference: hash,
    reasons,
    adding,
    changing,
    removing,
    deactivating,
    lost: reasons.some(({ guard }) => guard === 'fork') ? removing : 0,
    head_epoch: sync.target.epoch,
    head_revision: sync.target.revision,
    head_count: sync.target.count,
    head_digest: sync.target.digest,
    decided_by: rejected?.decided_by ?? null,
  });
  await keepHeldDossiers(tx, { ...sync, sides: sidesOf(sync) }, id);
  await saveExamples(tx, id);
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'held'`, {
    listId: sync.listId,
  });
  if (sync.newSet !== null) await query(tx, `update sets set purpose = 'held', since = age_moment() where set_id = ${sync.newSet}`);
  await endHeld(tx, { runId: sync.runId, listId: sync.listId }, { target: sync.target, error: heldError(reasons, approved) });
}

/** A held run is over: it blocks no other, and what it staged may go. */
export async function endHeld(
  tx: Knex.Transaction,
  run: { runId: number; listId: number },
  { target, error }: { target: Position; error: SyncError },
): Promise<void> {
  await query(
    tx,
    `update links set state = 'held', error = :error::jsonb, head_revision = :revision, remote_count = :count where slave_list_id = :listId`,
    { listId: run.listId, revision: target.revision, count: target.count, error: JSON.stringify(error) },
  );
  await query(
    tx,
    `update runs set state = 'held', finished_date = now(), heartbeat = now(), next_attempt = null, error = :error::jsonb where id = :runId`,
    { runId: run.runId, error: JSON.stringify(error) },
  );
  await query(tx, `delete from dead_letters where slave_list_id = :listId`, { listId: run.listId });
}

/**
 * What a held run and its link say:
 *
 * - `HELD`: a guard waits for a person.
 * - `APPROVAL_SUPERSEDED`: what was approved is not what would be done now, so nothing was done.
 */
function heldError(reasons: readonly TrippedGuard[], approved: boolean): SyncError {
  const sentences = reasons.map(({ sentence }) => sentence).join(' ');
  return {
    code: approved ? 'APPROVAL_SUPERSEDED' : 'HELD',
    desc: approved
      ? `What was approved is not what would be done now: the master's list or this one has changed since. Nothing was applied. Now: ${sentences}`
      : `Nothing was applied, the list keeps what it had. ${sentences}`,
    remedy: 'Look at what would go ("dossier held LIST"). Approve it if it is meant, else reject it and mend the list on the master.',
    attempts: 1,
    next_attempt: null,
  };
}
