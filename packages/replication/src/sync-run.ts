import { isFailure } from '@dossier/domain/failure.ts';
import type { Failure } from '@dossier/domain/failure.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod, RunMode } from '@dossier/domain/run.ts';
import { setAsideBound } from '@dossier/domain/set-aside.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import { isAnswerRefusal } from './answer-refusal.ts';
import { fetchChanges, HistoryGone, stageDifferences, stageRefused } from './fetching.ts';
import type { FetchContext } from './fetching.ts';
import { brokenDelta, findFork, knownPosition, samePosition } from './fork.ts';
import { noSuchList, requireIdentity, requireNoCircle, requireOtherNode } from './identity.ts';
import type { OwnIdentity } from './identity.ts';
import { loadChanges, RowsNotSpoken, smallestDelta, smallestLoad } from './loading.ts';
import type { Master } from './master.ts';
import { fetchPhotos } from './photo-fetch.ts';
import type { Fork, PhotoTarget, ReplicaStore, StagingCursor, StartedRun, TakenRun } from './ports.ts';
import { answerRefused, SyncFailure } from './sync-failure.ts';
import { examineReplica, verifyReplica } from './verification.ts';

export interface SyncContext {
  store: ReplicaStore;
  photos: PhotoTarget;
  master: Master;
  own: OwnIdentity;
  offlineDeletions: 'restore' | 'keep-deleted';
  onExisting: 'replace' | 'refuse';
  signal: AbortSignal;
}

export interface SyncOutcome {
  state: 'synced' | 'unchanged' | 'differs' | 'held';
  /** Other replicated lists that share dossiers changed by this run: they need a run of their own. */
  disturbedLists: number[];
}

/**
 * Brings a link to its master's head: greet, fetch what differs into staging, fetch photos, judge and apply in one transaction, verify.
 * `synced` is returned only after the replica's digest was recomputed and equals the master's. May be killed anywhere and run again: it goes on
 * at the staged cursor. Throws failures (code, kind, remedy); after each the list is what it was.
 */
export async function syncRun(context: SyncContext, started: StartedRun): Promise<SyncOutcome> {
  const { run, link } = started;
  const taken: TakenRun = { runId: run.id, listId: link.slave_list_id, fence: started.fence };
  const examined = run.mode === 'repair' ? await examineReplica({ ...context, taken }) : started;
  const position = followingModes.has(run.mode) && examined.intact ? knownPosition(link) : null;
  const refused = run.mode === 'verify' ? [] : link.set_aside.map(({ dossier }) => dossier);
  // What was set aside is asked for again, though nothing changed on the master.
  const idle = refused.length === 0;
  const answer = await context.master.head(link.remote_list_id, { position, tag: idle && position ? link.head_tag : null }, context.signal);
  if (answer.outcome === 'no-list') throw noSuchList(link);
  const unchanged = (headTag: string | null) => finishUnchanged(context, { ...started, lacksPhotos: examined.lacksPhotos }, taken, headTag);
  if (answer.outcome === 'unchanged') return unchanged(link.head_tag);

  const { head, tag } = answer;
  const fork = await greet(context, started, head);
  const fetchContext: FetchContext & SyncContext = {
    ...context,
    // Whoever answers is read; a fork decides whether it may be followed.
    link: { ...link, remote_node: head.node, remote_list: head.dossier_list },
    taken,
    counts: { fetched: run.fetched, pages: run.pages, bytes: run.bytes },
  };
  if (run.mode === 'verify') return verifyReplica(fetchContext, head);
  if (idle && fork === null && position && samePosition(position, head.position)) return unchanged(tag);
  if (context.onExisting === 'refuse' && link.epoch === null && link.local_count > 0) {
    throw new SyncFailure('LIST_NOT_EMPTY', `The list holds ${link.local_count} dossiers, and SYNC_ON_EXISTING is refuse.`);
  }
  const plan: Plan = {
    method: planMethod(started, { head, position, fork }),
    head,
    tag,
    position,
    fork,
    refused,
    loads: isWorthLoading(started, head),
    rows: false,
    readable: false,
  };
  for (;;) {
    try {
      return await attempt(fetchContext, plan, started);
    } catch (error) {
      await replan(fetchContext, plan, { started, error });
    }
  }
}

/** Stages by one method, fetches the photos and applies, unless a guard holds it. */
async function attempt(context: FetchContext & SyncContext, plan: Plan, started: StartedRun): Promise<SyncOutcome> {
  const { store, taken } = context;
  const cursor = await fetchAll(context, plan);
  if (plan.refused.length > 0 && cursor.method !== 'full') await stageRefused(context, plan.refused, cursor);
  const forged = await findForged(store, taken, cursor);
  await fetchPhotos(context, taken, started.run.photos_fetched);
  await store.saveProgress(taken, { state: 'applying' });
  context.signal.throwIfAborted();
  const { head, tag, fork } = plan;
  const applied = await store.apply({
    ...taken,
    method: cursor.method,
    target: cursor.head,
    // The tag names the head that was greeted; once the feed went past it, or if nothing was learnt from it yet, the next run asks anew.
    headTag: fork?.kind !== 'identity' && samePosition(cursor.head, head.position) ? tag : null,
    offlineDeletions: context.offlineDeletions,
    master: { node: head.node, list: head.dossier_list },
    forged,
    fork: fork ?? (followsChanges(started, plan) && cursor.method !== 'delta' ? brokenDelta : null),
  });
  await store.clearStaging(taken.runId);
  return applied === 'held' ? { state: 'held', disturbedLists: [] } : { state: 'synced', disturbedLists: applied.disturbedLists };
}

/** Chooses what is tried after an attempt that didn't add up, or throws its error again. */
async function replan(
  context: FetchContext & SyncContext,
  plan: Plan,
  { started, error }: { started: StartedRun; error: unknown },
): Promise<void> {
  const next = fallback(plan, error);
  if (!next) throw error;
  if (error instanceof HistoryGone) {
    if (plan.renewed) throw answerRefused('HISTORY_LOST', 'the list began a new history twice while it was read', error);
    const answer = await context.master.head(context.link.remote_list_id, { position: null, tag: null }, context.signal);
    if (answer.outcome !== 'head') throw noSuchList(context.link);
    requireIdentity(answer.head, context.link, context.own);
    Object.assign(plan, { head: answer.head, tag: answer.tag, fork: plan.fork ?? findFork(started.link, answer.head), renewed: true });
  }
  plan.method = next;
  plan.readable ||= (plan.loads || plan.rows) && !(error instanceof HistoryGone);
  plan.loads &&= !plan.readable;
  plan.restart = true;
}

/** Refuses who is not to be followed, keeps what the greeting taught, and says whether the master's history is another one than before. */
async function greet(context: SyncContext, started: StartedRun, head: Head): Promise<Fork | null> {
  const { run, link } = started;
  requireOtherNode(head, link.remote_url, context.own);
  requireNoCircle(head, link.remote_url, context.own);
  const fork = run.mode === 'verify' ? null : findFork(link, head);
  // A stranger's name and SYNC_TIME are not learnt.
  if (fork?.kind === 'identity') return fork;
  requireIdentity(head, link, context.own);
  await saveGreeting(context, started, head);
  return fork;
}

/** Modes in which an intact replica is followed from where it stands. */
const followingModes = new Set<RunMode>(['auto', 'repair']);

interface Plan {
  method: RunMethod;
  head: Head;
  tag: string | null;
  position: Position | null;
  fork: Fork | null;
  /** Dossiers that earlier runs set aside. */
  refused: readonly string[];
  /** Whether the list is loaded into tables of the run's own. */
  loads: boolean;
  /** Whether what is staged comes as rows. */
  rows: boolean;
  /** Neither of both any more: what didn't work out is told by the readable form. */
  readable: boolean;
  restart?: boolean;
  /** The head was asked for again, because the history that it named was gone. */
  renewed?: boolean;
}

/** A link's first sync into a list that is empty. Everything else is a difference to what is there. */
function isWorthLoading({ run, link }: StartedRun, head: Head): boolean {
  return run.mode !== 'verify' && link.epoch === null && link.local_count === 0 && head.position.count >= smallestLoad;
}

/** What an intact replica already has decides: the changes since then, a comparison by content, or everything. */
function planMethod(started: StartedRun, plan: Pick<Plan, 'head' | 'position' | 'fork'>): RunMethod {
  const { run, link } = started;
  if (run.mode === 'full') return 'full';
  if (link.local_count === 0 && link.epoch === null) return 'full';
  return followsChanges(started, plan) ? 'delta' : 'reconcile';
}

/** Whether the changes since the replica's position lead to the head, as far as one can tell before. */
function followsChanges({ run }: StartedRun, { head, position, fork }: Pick<Plan, 'head' | 'position' | 'fork'>): boolean {
  return followingModes.has(run.mode) && fork === null && position !== null && position.revision >= head.floor;
}

/**
 * After a delta that doesn't add up the content is compared; after a comparison that doesn't, everything is fetched. What can't be loaded is staged
 * row by row, which tells exactly what is wrong, if anything is.
 */
function fallback({ method, loads, rows }: Plan, error: unknown): RunMethod | null {
  if ((loads || rows) && (error instanceof RowsNotSpoken || (isFailure(error) && isLoadRefusal(error)))) return method;
  if (error instanceof HistoryGone) return method === 'full' ? 'full' : 'reconcile';
  if (!isFailure(error) || !contentDiffers.has(error.code)) return null;
  if (method === 'delta') return 'reconcile';
  return method === 'reconcile' ? 'full' : null;
}

/** What the rows may be the reason of. */
function isLoadRefusal({ code }: Failure): boolean {
  return code === 'LOAD_REFUSED' || contentDiffers.has(code) || isAnswerRefusal(code);
}

/** What was staged isn't what the master has. */
const contentDiffers = new Set(['DIGEST_DIFFERS', 'COUNT_DIFFERS']);

async function fetchAll(context: FetchContext, plan: Plan): Promise<StagingCursor> {
  const { store, taken } = context;
  const staged = plan.restart ? null : await store.readCursor(taken.runId);
  // A comparison that was broken off before its feed began is made again: that costs less than everything, and its cursor can't tell how far it was.
  const unfinished = staged?.method === 'reconcile' && staged.phase === 'fetching' && staged.revision === staged.head.revision;
  if (staged && !unfinished && staged.head.epoch === plan.head.position.epoch) {
    plan.method = staged.method;
    plan.loads = staged.loading ?? false;
    await store.saveProgress(taken, { state: 'fetching', method: staged.method });
    // What was staged by an earlier attempt may be the master's state of yesterday: the rest of the feed follows.
    if (staged.phase === 'complete' && samePosition(staged.head, plan.head.position)) return staged;
    plan.rows = !plan.loads && isWorthRows(context, plan, staged);
    return plan.loads || plan.rows ? loadChanges(context, staged, true) : fetchChanges(context, staged, true);
  }
  plan.rows = false;
  await store.saveProgress(taken, { state: 'fetching', method: plan.method, total: plannedTotal(plan) });
  if (plan.method === 'reconcile') {
    const compared = await stageDifferences(context, plan.head);
    if (compared) return fetchChanges(context, compared, false);
    plan.method = 'full';
    await store.saveProgress(taken, { method: 'full', total: plan.head.position.count });
  }
  const since = plan.method === 'delta' && plan.position ? plan.position.revision : 0;
  const cursor: StagingCursor = { method: plan.method, phase: 'fetching', revision: since, head: plan.head.position };
  plan.loads &&= plan.method === 'full' && (await store.beginLoad(taken, cursor));
  if (plan.loads) return loadChanges(context, { ...cursor, loading: true }, false);
  await store.beginStaging(taken, cursor);
  plan.rows = isWorthRows(context, plan, cursor);
  return plan.rows ? loadChanges(context, cursor, false) : fetchChanges(context, cursor, false);
}

/**
 * Whether so much follows that it comes as rows. They don't tell their revisions and hashes, which are needed where the master may offer what is older
 * than the replica.
 */
function isWorthRows({ link }: FetchContext, { readable }: Plan, from: StagingCursor): boolean {
  const isNews = from.method === 'delta' || (from.method === 'full' && link.epoch === null);
  return isNews && !readable && from.head.revision - from.revision >= smallestDelta;
}

/** How many changes a person may expect to see pass; revisions that were superseded make it an upper bound for a delta. */
function plannedTotal({ method, head, position }: Plan): number {
  if (method === 'delta' && position) return Math.min(head.position.revision - position.revision, head.position.count);
  return method === 'full' ? head.position.count : 0;
}

/** Staged dossiers whose hash isn't the one of their content; more than may be set aside are a lie. */
async function findForged(store: ReplicaStore, taken: TakenRun, cursor: StagingCursor): Promise<string[]> {
  const forged = await store.findForgedDossiers(taken.runId);
  if (forged.length <= setAsideBound(cursor.head.count)) return forged;
  await store.clearStaging(taken.runId);
  throw new SyncFailure(
    'HASH_DIFFERS',
    `The hash of ${forged.length} dossiers (${forged.slice(0, 3).join(', ')}) is not the one of their content.`,
  );
}

async function finishUnchanged(context: SyncContext, started: StartedRun, taken: TakenRun, tag: string | null): Promise<SyncOutcome> {
  if (started.lacksPhotos) await fetchPhotos(context, taken, started.run.photos_fetched);
  if (await context.store.finishUnchanged(taken, tag)) return { state: 'unchanged', disturbedLists: [] };
  // Somebody changed the list while the master was asked.
  return syncRun(context, { ...started, intact: false });
}

async function saveGreeting({ store }: SyncContext, { link, fence }: StartedRun, head: Head): Promise<void> {
  const { hour, minute, time_zone: zone } = head.schedule;
  const isPinned = link.remote_node !== null && link.remote_list !== null && link.remote_name === head.name;
  const isSameWay = link.origins.join() === head.origins.join();
  if (isPinned && isSameWay && link.sync_hour === hour && link.sync_minute === minute && link.sync_zone === zone) return;
  await store.saveGreeting({
    slaveListId: link.slave_list_id,
    fence,
    remoteNode: head.node,
    remoteList: head.dossier_list,
    remoteName: head.name,
    origins: head.origins,
    schedule: head.schedule,
  });
}
