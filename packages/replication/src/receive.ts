import type { Database } from '@dossier/postgres/database.ts';
import { keepPage } from './received-page.ts';
import type { ReceivedPage } from './received-page.ts';
import type { RunCursor } from './cursors.ts';
import type { TakenRun } from './fence.ts';
import { noSuchList } from './identity.ts';
import type { LinkRow } from './links.ts';
import type { Master, PageQuestion, RowsPage } from './master.ts';
import { PageMemory } from './page-memory.ts';
import { saveProgress } from './runs.ts';
import { answerRefused } from './sync-failure.ts';

/** More pages than any list can have; a master that never comes to an end is refused there. */
const maximumPages = 100_000;

/** After so many pages they have to hold so much on the average: a master could go on for ever with pages of nothing. */
const thinAfterPages = 1000;
const thinPage = { changes: 2, bytes: 16 * 1024 };

export interface FetchContext {
  database: Database;
  master: Master;
  signal: AbortSignal;
  link: LinkRow;
  taken: TakenRun;
  /** Counts of earlier attempts go on. */
  counts: { fetched: number; pages: number; bytes: number };
}

/** The feed says that the history asked for is gone (another epoch, pruned tombstones): the run has to begin anew, comparing content. */
export class HistoryGone extends Error {
  override readonly name = 'HistoryGone';
}

/** What a run received: the cursor at the head, with the only page where that was all and is not kept yet. */
export interface Received {
  cursor: RunCursor;
  unkept: Pick<ReceivedPage, 'page' | 'replaces'> | null;
}

/**
 * Brings the feed from the cursor on until its head: one page is fetched while the one before it is written. Pages may have been made at different heads,
 * for others: what one of them says is overridden by the later ones, and all is here at the head of the last page if no page was made at a later one, and the
 * master isn't known to stand at a later one: at revision `known`.
 * Changes that fit one page are returned and not kept: they are merged in the transaction that receives them. Throws HistoryGone, SyncFailure, FeedError.
 */
export async function receiveChanges(
  context: FetchContext,
  from: RunCursor,
  { resumed, known }: { resumed: boolean; known: number },
): Promise<Received> {
  const { database, taken, counts } = context;
  const before = { ...counts };
  const begun = from.setId === null ? {} : { begun: from.head.revision };
  const memory = new PageMemory();
  let cursor = from;
  let highest = Math.max(from.head.revision, known);
  /** Whatever changed above this revision may be here already in an older version. */
  let lowest = resumed ? 0 : Number.POSITIVE_INFINITY;
  let writing = Promise.resolve();
  let pending: Promise<RowsPage> | null = askPage(context, memory, { since: from.revision, epoch: from.head.epoch, ...begun });
  try {
    for (let pages = 0; pending; pages += 1) {
      const page: RowsPage = await pending;
      const { end } = page;
      requireSubstance(counts, before);
      if (pages === maximumPages) throw answerRefused('FEED_ENDLESS', `the feed has no end after ${maximumPages} pages`);
      highest = Math.max(highest, end.head.revision);
      const isLast: boolean = end.next === highest && end.next === end.head.revision;
      if (!isLast && end.next === cursor.revision) throw answerRefused('FEED_ENDLESS', 'a page brings the reader no further');
      const next: PageQuestion = { since: end.next, epoch: from.head.epoch, ...begun };
      pending = isLast ? null : askPage(context, memory, next);
      // Whoever awaits it next hears of its failure; keeping this page may fail before that.
      pending?.catch(() => undefined);
      const replaces = end.next > lowest;
      lowest = Math.min(lowest, end.head.revision);
      cursor = { ...from, phase: isLast ? 'complete' : 'fetching', revision: end.next, head: isLast ? end.head : from.head };
      counts.fetched += page.count + page.removed.length;
      counts.pages += 1;
      counts.bytes += page.bytes;
      if (isLast && pages === 0 && from.setId === null) return { cursor, unkept: { page, replaces } };
      await writing;
      writing = keepPage(database, taken, { page, cursor, replaces }).then(() => memory.giveBack(page.body));
      // Whoever awaits it next hears of its failure; the next page may fail before that.
      writing.catch(() => undefined);
      await saveProgress(database, taken, counts);
    }
    await writing;
    return { cursor, unkept: null };
  } catch (error) {
    // Nothing of this attempt may still be writing when the next one begins.
    await Promise.allSettled([writing]);
    throw error;
  }
}

/** Refuses a feed that goes on and on and says nothing; what was counted `before`, in another reading, isn't held against this one. Throws SyncFailure. */
export function requireSubstance(counts: FetchContext['counts'], before: FetchContext['counts']): void {
  const pages = counts.pages - before.pages;
  const fetched = counts.fetched - before.fetched;
  const bytes = counts.bytes - before.bytes;
  if (pages <= thinAfterPages || fetched >= pages * thinPage.changes || bytes >= pages * thinPage.bytes) return;
  throw answerRefused('FEED_ENDLESS', `the feed comes in tiny pages without an end (${pages})`);
}

async function askPage({ master, link, signal }: FetchContext, memory: PageMemory, from: PageQuestion): Promise<RowsPage> {
  const answer = await master.changes(link.remote_list_id, from, { signal, memory: memory.take });
  if (answer.outcome === 'no-list') throw noSuchList(link);
  if (answer.outcome === 'reset') throw new HistoryGone();
  const { end } = answer.page;
  if (end.dossier_list !== link.remote_list || end.head.epoch !== from.epoch) {
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "a page of another list, or of another history of it, came as this list's");
  }
  return answer.page;
}
