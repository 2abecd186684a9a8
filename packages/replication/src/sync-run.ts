import { isFailure } from '@dossier/domain/failure.ts';
import type { Position } from '@dossier/domain/position.ts';
import type { RunMethod } from '@dossier/domain/run.ts';
import type { Head } from '@dossier/protocol/feed.ts';
import { fetchChanges, HistoryGone, stageDifferences } from './fetching.ts';
import type { FetchContext } from './fetching.ts';
import { noSuchList, requireIdentity } from './identity.ts';
import type { OwnIdentity } from './identity.ts';
import type { Master } from './master.ts';
import { fetchPhotos } from './photo-fetch.ts';
import type { PhotoTarget, ReplicaStore, StagingCursor, StartedRun, TakenRun } from './ports.ts';
import { SyncFailure } from './sync-failure.ts';
import { verifyReplica } from './verification.ts';

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
  state: 'synced' | 'unchanged' | 'differs';
  /** Other replicated lists that share dossiers changed by this run: they need a run of their own. */
  disturbedLists: number[];
}

/**
 * Brings a link to its master's head: greet, fetch what differs into staging, fetch photos, apply in one transaction, verify. `synced`
 * is returned only after the replica's digest was recomputed and equals the master's. May be killed anywhere and run again: it goes on
 * at the staged cursor. Throws failures (code, kind, remedy); after each the list is what it was.
 */
export async function syncRun(context: SyncContext, started: StartedRun): Promise<SyncOutcome> {
  const { run, link } = started;
  const taken: TakenRun = { runId: run.id, listId: link.slave_list_id, fence: started.fence };
  const intact = run.mode === 'auto' && (await context.store.holdsPosition(link.slave_list_id));
  const position = intact ? knownPosition(link) : null;
  const answer = await context.master.head(link.remote_list_id, { position, tag: position && link.head_tag }, context.signal);
  if (answer.outcome === 'no-list') throw noSuchList(link);
  const fetchContext: FetchContext & { photos: PhotoTarget } = {
    ...context,
    link,
    taken,
    counts: { fetched: run.fetched, pages: run.pages, bytes: run.bytes },
  };
  if (answer.outcome === 'unchanged') return finishUnchanged(context, started, taken, link.head_tag);

  const { head, tag } = answer;
  requireIdentity(head, link, context.own);
  await saveGreeting(context, started, head);
  if (run.mode === 'verify') return verifyReplica(fetchContext, head);
  if (position && samePosition(position, head.position)) return finishUnchanged(context, started, taken, tag);
  if (context.onExisting === 'refuse' && link.epoch === null && link.local_count > 0) {
    throw new SyncFailure('LIST_NOT_EMPTY', `The list holds ${link.local_count} dossiers, and SYNC_ON_EXISTING is refuse.`);
  }

  const planned: Plan = { method: planMethod(started, head, position), head, tag, position };
  for (;;) {
    try {
      const cursor = await fetchAll(fetchContext, planned);
      await requireHonestHashes(context.store, taken);
      await fetchPhotos(context, taken, run.photos_fetched);
      await context.store.saveProgress(taken, { state: 'applying' });
      context.signal.throwIfAborted();
      const target = cursor.head;
      // The tag names the head that was greeted; once the feed went past it, the next run asks anew.
      const headTag = samePosition(target, head.position) ? tag : null;
      const applied = await context.store.apply({
        ...taken,
        method: cursor.method,
        target,
        headTag,
        offlineDeletions: context.offlineDeletions,
      });
      await context.store.clearStaging(taken.runId);
      return { state: 'synced', disturbedLists: applied.disturbedLists };
    } catch (error) {
      const next = fallback(planned.method, error);
      if (!next) throw error;
      planned.method = next;
      planned.restart = true;
    }
  }
}

interface Plan {
  method: RunMethod;
  head: Head;
  tag: string | null;
  position: Position | null;
  restart?: boolean;
}

/** What an intact replica already has decides: the changes since then, a comparison by content, or everything. */
function planMethod({ run, link }: StartedRun, head: Head, position: Position | null): RunMethod {
  if (run.mode === 'full') return 'full';
  if (link.local_count === 0 && link.epoch === null) return 'full';
  const continues = position && position.epoch === head.position.epoch && position.revision <= head.position.revision;
  return continues && position.revision >= head.floor ? 'delta' : 'reconcile';
}

/** After a delta that doesn't add up the content is compared; after a comparison that doesn't, everything is fetched. */
function fallback(method: RunMethod, error: unknown): RunMethod | null {
  if (error instanceof HistoryGone) return method === 'full' ? null : 'reconcile';
  if (!isFailure(error) || error.code !== 'DIGEST_DIFFERS') return null;
  if (method === 'delta') return 'reconcile';
  return method === 'reconcile' ? 'full' : null;
}

async function fetchAll(context: FetchContext, plan: Plan): Promise<StagingCursor> {
  const { store, taken } = context;
  const staged = plan.restart ? null : await store.readCursor(taken.runId);
  if (staged && staged.head.epoch === plan.head.position.epoch) {
    plan.method = staged.method;
    await store.saveProgress(taken, { state: 'fetching', method: staged.method });
    return staged.phase === 'complete' ? staged : fetchChanges(context, staged, true);
  }
  await store.saveProgress(taken, { state: 'fetching', method: plan.method, total: plannedTotal(plan) });
  if (plan.method === 'reconcile') {
    const compared = await stageDifferences(context, plan.head);
    if (compared) return fetchChanges(context, compared, false);
    plan.method = 'full';
    await store.saveProgress(taken, { method: 'full', total: plan.head.position.count });
  }
  const since = plan.method === 'delta' && plan.position ? plan.position.revision : 0;
  const cursor: StagingCursor = { method: plan.method, phase: 'fetching', revision: since, head: plan.head.position };
  await store.beginStaging(taken, cursor);
  return fetchChanges(context, cursor, false);
}

/** How many changes a person may expect to see pass; revisions that were superseded make it an upper bound for a delta. */
function plannedTotal({ method, head, position }: Plan): number {
  if (method === 'delta' && position) return Math.min(head.position.revision - position.revision, head.position.count);
  return method === 'full' ? head.position.count : 0;
}

async function requireHonestHashes(store: ReplicaStore, taken: TakenRun): Promise<void> {
  const forged = await store.findForgedDossiers(taken.runId);
  if (forged.length === 0) return;
  await store.clearStaging(taken.runId);
  throw new SyncFailure(
    'HASH_DIFFERS',
    `The hash of ${forged.length} dossiers (${forged.slice(0, 3).join(', ')}) is not the one of their content.`,
  );
}

async function finishUnchanged(context: SyncContext, started: StartedRun, taken: TakenRun, tag: string | null): Promise<SyncOutcome> {
  await fetchPhotos(context, taken, started.run.photos_fetched);
  await context.store.finishUnchanged(taken, tag);
  return { state: 'unchanged', disturbedLists: [] };
}

async function saveGreeting({ store }: SyncContext, { link, fence }: StartedRun, head: Head): Promise<void> {
  await store.saveGreeting({
    slaveListId: link.slave_list_id,
    fence,
    remoteNode: head.node,
    remoteList: head.dossier_list,
    remoteName: head.name,
    schedule: head.schedule,
  });
}

function knownPosition(link: StartedRun['link']): Position | null {
  if (link.epoch === null || link.revision === null || link.digest === null || link.dossier_count === null) return null;
  return { epoch: link.epoch, revision: link.revision, digest: link.digest, count: link.dossier_count };
}

function samePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.revision === b.revision && a.digest === b.digest && a.count === b.count;
}
