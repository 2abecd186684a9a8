import { isFailure } from '@dossier/domain/failure.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMode } from '@dossier/domain/run.ts';
import { declarationText } from '@dossier/protocol/declaration.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import type { PhotoTarget } from './photo-target.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { keepReserve } from '@dossier/postgres/disk-reserve.ts';
import { applyRun, heldCursor } from './apply.ts';
import { beginFetching, clearRun, forgetFetched, readCursor } from './cursors.ts';
import type { RunCursor } from './cursors.ts';
import type { TakenRun } from './fence.ts';
import { brokenDelta, findFork, knownPosition, samePosition } from './fork.ts';
import { findApprovedSet } from './holds.ts';
import { keepDistrusted } from './distrusted.ts';
import { noSuchList, requireIdentity, requireNoCircle, requireOtherNode } from './identity.ts';
import type { OwnIdentity } from './identity.ts';
import type { Fork } from './judgement.ts';
import { saveGreeting } from './links.ts';
import type { LinkRow } from './links.ts';
import type { Master, Standing } from './master.ts';
import { fetchPhotos, findLacking } from './photo-fetch.ts';
import { HistoryGone, receiveChanges } from './receive.ts';
import type { FetchContext, Received } from './receive.ts';
import { keepPage } from './received-page.ts';
import { receiveDifferences, receiveRows } from './reconcile.ts';
import { finishUnchanged } from './run-endings.ts';
import { transitions } from './run-machine.ts';
import type { Step, StepEvent } from './run-machine.ts';
import { saveProgress } from './runs.ts';
import type { StartedRun } from './runs.ts';
import { answerRefused, SyncFailure } from './sync-failure.ts';
import { examineReplica, verifyReplica } from './verification.ts';
import { keepWithdrawn } from './withdrawal.ts';

export interface SyncContext {
  database: Database;
  photos: PhotoTarget;
  master: Master;
  own: OwnIdentity;
  offlineDeletions: 'restore' | 'keep-deleted';
  onExisting: 'replace' | 'refuse';
  signal: AbortSignal;
}

export type SyncOutcome = 'synced' | 'unchanged' | 'differs' | 'held';

type RunContext = FetchContext & SyncContext;

/**
 * Brings a link to its master's head: greet, fetch what differs where no reader looks, fetch photos, judge and apply in one transaction, verify.
 * `synced` is returned only after the replica's digest was computed from its rows and equals the master's. May be killed anywhere and run again: it goes
 * on at its cursor. Throws failures (code, kind, remedy); after each the list is what it was.
 */
export async function syncRun(context: SyncContext, started: StartedRun): Promise<SyncOutcome> {
  const { run, link } = started;
  const taken: TakenRun = { runId: run.id, listId: link.slave_list_id, fence: started.fence };
  const examined = run.mode === 'repair' ? await examineReplica({ ...context, taken }) : started;
  const position = followingModes.has(run.mode) && examined.intact ? knownPosition(link) : null;
  const refused = run.mode === 'verify' ? [] : link.set_aside.map(({ dossier }) => dossier);
  // What was set aside is asked for again, though nothing changed on the master.
  const idle = refused.length === 0;
  const known = { position, tag: idle && position ? link.head_tag : null, standing: standingOf(link), list: link.remote_list };
  const answer = await context.master.head(link.remote_list_id, known, context.signal);
  if (answer.outcome === 'no-list') throw noSuchList(link);
  const unchanged = (headTag: string | null) => endUnchanged(context, { ...started, lacksPhotos: examined.lacksPhotos }, taken, headTag);
  if (answer.outcome === 'unchanged') return unchanged(link.head_tag);

  const { head } = answer;
  const { fork, settled } = await greet(context, started, head);
  const tag = settled ? answer.tag : null;
  const runContext: RunContext = {
    ...context,
    // Whoever answers is read; a fork decides whether it may be followed.
    link: { ...link, remote_node: head.node, remote_list: head.dossier_list },
    taken,
    counts: { fetched: run.fetched, pages: run.pages, bytes: run.bytes },
  };
  if (run.mode === 'verify') return (await verifyReplica(runContext, head)) ? 'synced' : 'differs';
  const isDeclared = link.declaration_hash === head.declaration_hash;
  if (idle && isDeclared && fork === null && position && samePosition(position, head.position)) return unchanged(tag);
  if (context.onExisting === 'refuse' && link.epoch === null && link.local_count > 0) {
    throw new SyncFailure('LIST_NOT_EMPTY', `The list holds ${link.local_count} dossiers, and SYNC_ON_EXISTING is refuse.`);
  }
  return takeSteps(runContext, { head, tag, position, fork, refused, follows: followsChanges(started, { head, position, fork }) }, started);
}

/** What this node says of its copy beside its position. */
export function standingOf({ applied_date: applied, state, set_aside: setAside, slave_list_id: copy }: LinkRow): Standing {
  return { ...(applied !== null && { applied: applied.toISOString() }), state, set_aside: setAside.length, copy };
}

/** What a run knows of its master and of the replica. */
interface Plan {
  head: Head;
  tag: string | null;
  /** Where an intact replica stands; null if it has to be compared. */
  position: Position | null;
  fork: Fork | null;
  /** Dossiers that earlier runs set aside. */
  refused: readonly string[];
  /** Whether the changes since the position lead to the head, as far as one can tell before. */
  follows: boolean;
}

/** Modes in which an intact replica is followed from where it stands. */
const followingModes: ReadonlySet<RunMode> = new Set(['auto', 'repair']);

function followsChanges({ run }: StartedRun, { head, position, fork }: Pick<Plan, 'head' | 'position' | 'fork'>): boolean {
  if (!followingModes.has(run.mode) || fork !== null || position === null) return false;
  return position.epoch === head.position.epoch && position.revision >= head.floor;
}

/** What an intact replica already has decides the first step: the changes since then, a comparison by content, or everything. */
function firstStep({ run, link }: StartedRun, { head, follows }: Plan): Step {
  const isEmpty = link.local_count === 0 && link.epoch === null;
  if (run.mode === 'full' || isEmpty || head.position.count === 0) return 'full';
  return follows ? 'delta' : 'reconcile';
}

/** Takes one step after another until the run is at an end. */
async function takeSteps(context: RunContext, plan: Plan, started: StartedRun): Promise<SyncOutcome> {
  let step = await resumedStep(context, plan, started);
  let restart = false;
  let renewed = false;
  for (;;) {
    const { event, error } = await takeStep(context, { plan, step, restart, started });
    const next = transitions[step][event];
    if (next === 'synced' || next === 'held') return next;
    if (next === 'failed') {
      // With the same rows the next attempt would fail the same way.
      if (event === 'differs') await forgetFetched(context.database, context.taken);
      throw error;
    }
    if (step === 'delta' && event === 'differs') plan.fork ??= brokenDelta;
    if (event === 'history-gone') {
      if (renewed) throw answerRefused('HISTORY_LOST', 'the list began a new history twice while it was read', error);
      await renew(context, plan, started);
      renewed = true;
    }
    step = next;
    restart = true;
  }
}

/** An attempt that was broken off is gone on with, if its history is still the master's. */
async function resumedStep({ database, taken }: RunContext, plan: Plan, started: StartedRun): Promise<Step> {
  const cursor = await readCursor(database, taken.runId);
  const step = cursor && canResume(cursor, plan) ? cursor.method : null;
  return step === null || step === 'verify' ? firstStep(started, plan) : step;
}

/**
 * What was fetched from another history is of no use, nor from a head that the master is not at any more, since it was put back. A comparison that was
 * broken off before its feed began is made again: that costs less than everything, and its cursor can't tell how far it was.
 */
function canResume(cursor: RunCursor, { head }: Plan): boolean {
  if (cursor.head.epoch !== head.position.epoch) return false;
  if (Math.max(cursor.revision, cursor.head.revision) > head.position.revision) return false;
  return cursor.method !== 'reconcile' || cursor.phase === 'complete' || cursor.revision !== cursor.head.revision;
}

interface StepContext {
  plan: Plan;
  step: Step;
  restart: boolean;
  started: StartedRun;
}

/** Fetches by one method, fetches the photos and applies, unless a guard holds it. Throws failures that no other step can mend. */
async function takeStep(context: RunContext, { plan, step, restart, started }: StepContext): Promise<{ event: StepEvent; error: unknown }> {
  const { database, taken } = context;
  try {
    const received = await fetchAll(context, { plan, step, restart, started });
    if (!received) return { event: 'too-different', error: null };
    await fetchPhotos(context, taken, started.run.photos_fetched);
    await saveProgress(database, taken, { state: 'applying', ...context.counts });
    context.signal.throwIfAborted();
    const { head, tag, fork } = plan;
    const applied = await applyRun(database, {
      taken,
      received,
      // The tag names the head that was greeted; once the feed went past it, or if nothing was learnt from it yet, the next run asks anew.
      headTag: fork?.kind !== 'identity' && samePosition(received.cursor.head, head.position) ? tag : null,
      offlineDeletions: context.offlineDeletions,
      master: { node: head.node, list: head.dossier_list },
      declaration: declarationText(head.declaration),
      fork,
    });
    await clearRun(database, taken.runId);
    return { event: applied === 'held' ? 'held' : 'applied', error: null };
  } catch (error) {
    if (error instanceof HistoryGone) return { event: 'history-gone', error };
    if (isFailure(error) && contentDiffers.has(error.code)) return { event: 'differs', error };
    throw error;
  }
}

/** What was fetched isn't what the master has. */
const contentDiffers = new Set(['DIGEST_DIFFERS', 'COUNT_DIFFERS']);

/** Brings what a step needs to the head, or goes on where an earlier attempt was. Null if so much differs that everything is to be fetched. */
async function fetchAll(context: RunContext, { plan, step, restart, started }: StepContext): Promise<Received | null> {
  const { database, taken } = context;
  await keepReserve(database);
  const approved = started.run.reason === 'approval' && !restart ? await findApprovedSet(database, taken.listId) : null;
  const waiting = approved && heldCursor(approved.hold, approved.setId);
  // Once the master has moved on, the set that waits is its list of yesterday.
  if (waiting && samePosition(waiting.head, plan.head.position)) {
    await saveProgress(database, taken, { state: 'fetching', method: waiting.method });
    return { cursor: waiting, unkept: null };
  }
  const known = plan.head.position.revision;
  const kept = restart ? null : await readCursor(database, taken.runId);
  if (kept && canResume(kept, plan)) {
    await saveProgress(database, taken, { state: 'fetching', method: step });
    // What was fetched by an earlier attempt may be the master's state of yesterday: the rest of the feed follows.
    if (kept.phase === 'complete' && samePosition(kept.head, plan.head.position)) return { cursor: kept, unkept: null };
    return finishFetching(context, plan, await receiveChanges(context, kept, { resumed: true, known }));
  }
  await saveProgress(database, taken, { state: 'fetching', method: step, total: plannedTotal(step, plan) });
  if (step === 'reconcile') {
    const setId = started.set_id;
    const compared = await receiveDifferences(context, setId, plan.head);
    return compared && finishFetching(context, plan, await receiveChanges(context, compared, { resumed: true, known }));
  }
  const revision = step === 'delta' && plan.position ? plan.position.revision : 0;
  const cursor = await beginFetching(database, taken, { method: step, revision, head: plan.head.position });
  return finishFetching(context, plan, await receiveChanges(context, cursor, { resumed: false, known }));
}

/** Adds what earlier runs set aside, and keeps a page whose photos are not all here: they come first. */
async function finishFetching(context: RunContext, plan: Plan, received: Received): Promise<Received> {
  const { database, taken } = context;
  const { cursor, unkept } = received;
  const asksRefused = plan.refused.length > 0 && cursor.setId === null;
  const lacking = unkept ? await findLacking(context, unkept.page.wanted) : [];
  if (unkept && lacking.length === 0 && !asksRefused) return received;
  if (unkept) await keepPage(database, taken, { ...unkept, cursor });
  // What kept them from being held may be over. One that was changed after the head comes with the next sync.
  if (asksRefused) await receiveRows(context, plan.refused, (page) => keepPage(database, taken, { page, cursor, replaces: true }));
  return { cursor, unkept: null };
}

/** How many changes a person may expect to see pass; revisions that were superseded make it an upper bound for a delta. */
function plannedTotal(step: Step, { head, position }: Plan): number {
  if (step === 'delta' && position) return Math.min(head.position.revision - position.revision, head.position.count);
  return step === 'full' ? head.position.count : 0;
}

/** Looks at the master's history anew. */
async function renew(context: RunContext, plan: Plan, { link }: StartedRun): Promise<void> {
  const answer = await context.master.head(link.remote_list_id, { position: null, tag: null, list: link.remote_list }, context.signal);
  if (answer.outcome !== 'head') throw noSuchList(link);
  requireIdentity(answer.head, context.link, context.own);
  const settled = await keepDistrusted(context.database, link.slave_list_id, answer.head);
  Object.assign(plan, {
    head: answer.head,
    tag: settled ? answer.tag : null,
    fork: plan.fork ?? findFork(link, answer.head),
    follows: false,
  });
}

/**
 * Refuses who is not to be followed, keeps what the greeting taught, and says whether the master's history is another one than before. `settled`: the head's tag may be
 * kept for what was learnt.
 */
async function greet(context: SyncContext, started: StartedRun, head: Head): Promise<{ fork: Fork | null; settled: boolean }> {
  const { run, link } = started;
  requireOtherNode(head, link.remote_url, context.own);
  requireNoCircle(head, link.remote_url, context.own);
  const fork = run.mode === 'verify' ? null : findFork(link, head);
  // A stranger's name and SYNC_TIME are not learnt.
  if (fork?.kind === 'identity') return { fork, settled: true };
  requireIdentity(head, link, context.own);
  return { fork, settled: await learn(context, started, head) };
}

async function learn({ database }: SyncContext, { link, fence }: StartedRun, head: Head): Promise<boolean> {
  const settled = await keepDistrusted(database, link.slave_list_id, head);
  if (link.withdrawn_date !== null && link.remote_list === head.dossier_list) await keepWithdrawn(database, link.slave_list_id);
  const { hour, minute, time_zone: zone } = head.schedule;
  const isPinned = link.remote_node !== null && link.remote_list !== null && link.remote_name === head.name;
  const isSameWay = link.origins.join() === head.origins.join();
  if (isPinned && isSameWay && link.sync_hour === hour && link.sync_minute === minute && link.sync_zone === zone) return settled;
  await saveGreeting(database, {
    slaveListId: link.slave_list_id,
    fence,
    remoteNode: head.node,
    remoteList: head.dossier_list,
    remoteName: head.name,
    origins: head.origins,
    schedule: head.schedule,
  });
  return settled;
}

async function endUnchanged(context: SyncContext, started: StartedRun, taken: TakenRun, tag: string | null): Promise<SyncOutcome> {
  if (started.lacksPhotos) await fetchPhotos({ ...context, link: started.link }, taken, started.run.photos_fetched);
  if (await finishUnchanged(context.database, taken, tag)) return 'unchanged';
  // Somebody changed the list while the master was asked.
  return syncRun(context, { ...started, intact: false });
}
