import type { Head } from '@dossier/protocol/feed.ts';
import { bucketOf, requestBuckets, requestDossiers } from '@dossier/protocol/feed.ts';
import type { Master, Page, PageQuestion } from './master.ts';
import type { Bucket, ReplicaStore, StagingCursor, StartedRun, TakenRun } from './ports.ts';
import { noSuchList } from './identity.ts';
import { requireOnce } from './once.ts';
import { answerRefused } from './sync-failure.ts';

/** More pages than any list can have; a master that never comes to an end is refused there. */
const maximumPages = 100_000;

/** After so many pages they have to hold so much on the average: a master could go on for ever with pages of nothing. */
const thinAfterPages = 1000;
const thinPage = { changes: 2, bytes: 16 * 1024 };

export interface FetchContext {
  store: ReplicaStore;
  master: Master;
  signal: AbortSignal;
  link: StartedRun['link'];
  taken: TakenRun;
  /** Counts of earlier attempts go on. */
  counts: { fetched: number; pages: number; bytes: number };
}

/** The feed says that the history asked for is gone (another epoch, pruned tombstones): the run has to begin anew, comparing content. */
export class HistoryGone extends Error {
  override readonly name = 'HistoryGone';
}

/** Stages the feed from the cursor on until its head, two pages in flight. Returns the cursor at the head. Throws HistoryGone. */
export async function fetchChanges(context: FetchContext, from: StagingCursor, resumed: boolean): Promise<StagingCursor> {
  const { master, store, taken, link, counts, signal } = context;
  const before = { ...counts };
  let cursor = from;
  let moved = resumed || from.method === 'reconcile';
  const begun = from.method === 'full' ? { begun: from.head.revision } : {};
  const ask = (since: number) => askPage(master, link, { since, epoch: from.head.epoch, ...begun, signal });
  let pending: Promise<Page> | null = ask(cursor.revision);
  for (let pages = 0; pending; pages += 1) {
    const page: Page = await pending;
    if (page.end.more && page.changes.length === 0) throw answerRefused('FEED_ENDLESS', 'a page that is not the last is empty');
    requireSubstance(counts, before);
    if (pages === maximumPages) throw answerRefused('FEED_ENDLESS', `the feed has no end after ${maximumPages} pages`);
    pending = page.end.more ? ask(page.end.next) : null;
    // Whoever awaits it next hears of its failure; staging this page may fail before that.
    pending?.catch(() => undefined);
    moved ||= page.end.head.revision !== cursor.head.revision;
    cursor = { method: from.method, phase: page.end.more ? 'fetching' : 'complete', revision: page.end.next, head: page.end.head };
    await store.stagePage(taken, { changes: page.changes, cursor, fresh: !moved });
    counts.fetched += page.changes.length;
    counts.pages += 1;
    counts.bytes += page.bytes;
    await store.saveProgress(taken, counts);
  }
  return cursor;
}

/** Refuses a feed that goes on and on and says nothing; what was counted `before`, in another reading, isn't held against this one. Throws SyncFailure. */
export function requireSubstance(counts: FetchContext['counts'], before: FetchContext['counts']): void {
  const pages = counts.pages - before.pages;
  const fetched = counts.fetched - before.fetched;
  const bytes = counts.bytes - before.bytes;
  if (pages <= thinAfterPages || fetched >= pages * thinPage.changes || bytes >= pages * thinPage.bytes) return;
  throw answerRefused('FEED_ENDLESS', `the feed comes in tiny pages without an end (${pages})`);
}

async function askPage(
  master: Master,
  link: StartedRun['link'],
  { signal, ...from }: PageQuestion & { signal: AbortSignal },
): Promise<Page> {
  const answer = await master.changes(link.remote_list_id, from, signal);
  if (answer.outcome === 'no-list') throw noSuchList(link);
  if (answer.outcome === 'reset') throw new HistoryGone();
  const { end } = answer.page;
  if (end.dossier_list !== link.remote_list || end.head.epoch !== from.epoch) {
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "a page of another list, or of another history of it, came as this list's");
  }
  return answer.page;
}

/**
 * Compares replica and master bucket by bucket and stages what differs: the master's dossiers that are missing or other here, tombstones
 * for those that only the replica has. What changes on the master meanwhile is in the feed after `head`. Returns null, with nothing
 * staged, if so much differs that fetching everything is cheaper.
 */
export async function stageDifferences(context: FetchContext, head: Head): Promise<StagingCursor | null> {
  const { master, store, taken, link, signal } = context;
  const differing = await compareBuckets(context);
  const expected = differing.reduce((sum, bucket) => sum + bucket[1], 0);
  if (expected > 1000 && expected * 2 > head.position.count) return null;
  const cursor: StagingCursor = { method: 'reconcile', phase: 'fetching', revision: head.position.revision, head: head.position };
  await store.beginStaging(taken, cursor);
  for (let at = 0; at < differing.length; at += requestBuckets) {
    const buckets = differing.slice(at, at + requestBuckets).map(([bucket]) => bucket);
    await stageHashesOf(context, buckets);
    await store.stageExtras(taken, buckets);
  }
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const dossiers = await store.listDiffering(taken, { after, limit: requestDossiers });
    const last = dossiers.at(-1);
    if (last === undefined) return cursor;
    after = last;
    const page = await master.dossiers(link.remote_list_id, dossiers, signal);
    requireAskedFor(page, link, dossiers);
    await store.stagePage(taken, { changes: page.changes, cursor, fresh: true });
    context.counts.fetched += page.changes.length;
    context.counts.pages += 1;
    context.counts.bytes += page.bytes;
    await store.saveProgress(taken, context.counts);
  }
}

/** Refuses dossiers of another list, and others than were asked for. Throws SyncFailure. */
function requireAskedFor(page: Page, link: StartedRun['link'], dossiers: readonly string[]): void {
  if (page.end.dossier_list !== link.remote_list) {
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "dossiers of another list came as this list's");
  }
  const asked = new Set(dossiers);
  if (page.changes.some((change) => !asked.has(change.dossier))) {
    throw answerRefused('ANSWER_NOT_ASKED_FOR', 'it holds dossiers that were not asked for');
  }
}

/** Stages the hash of every dossier that the master holds in these buckets. */
export async function stageHashesOf({ master, store, taken, link, signal }: FetchContext, buckets: readonly number[]): Promise<void> {
  const answer = await master.hashes(link.remote_list_id, buckets, signal);
  if (answer.dossier_list !== link.remote_list) throw answerRefused('ANSWER_OF_ANOTHER_LIST', "hashes of another list came as this list's");
  const asked = new Set(buckets);
  if (!answer.hashes.every(([dossier]) => asked.has(bucketOf(dossier)))) {
    throw answerRefused('ANSWER_NOT_ASKED_FOR', 'it holds hashes that were not asked for');
  }
  requireOnce(answer.hashes.map(([dossier]) => dossier));
  await store.stageHashes(taken, answer.hashes);
}

/** The buckets in which replica and master differ, with the larger count of the two. */
export async function compareBuckets({ master, store, taken, link, signal }: FetchContext): Promise<Bucket[]> {
  const [answer, standing] = await Promise.all([master.buckets(link.remote_list_id, signal), store.readStandingBuckets(taken.listId)]);
  if (answer.dossier_list !== link.remote_list)
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "buckets of another list came as this list's");
  const theirs = new Map(answer.buckets.map((bucket) => [bucket[0], bucket]));
  const ours = new Map(standing.map((bucket) => [bucket[0], bucket]));
  const numbers = new Set([...theirs.keys(), ...ours.keys()]);
  return [...numbers]
    .toSorted((a, b) => a - b)
    .flatMap((number): Bucket[] => {
      const their = theirs.get(number);
      const our = ours.get(number);
      if (their && our && their[1] === our[1] && their[2] === our[2]) return [];
      return [[number, Math.max(their?.[1] ?? 0, our?.[1] ?? 0), their?.[2] ?? '']];
    });
}

/**
 * Stages, as the master has them now, dossiers that earlier runs set aside: what kept them from being held may be over. One that was changed
 * after the cursor's head is left to the next sync.
 */
export async function stageRefused(
  { master, store, taken, link, signal }: FetchContext,
  refused: readonly string[],
  cursor: StagingCursor,
): Promise<void> {
  const page = await master.dossiers(link.remote_list_id, refused, signal);
  requireAskedFor(page, link, refused);
  const changes = page.changes.filter((change) => change.revision <= cursor.head.revision);
  await store.stagePage(taken, { changes, cursor, fresh: false });
}
