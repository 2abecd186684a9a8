import { HistoryGone, requireSubstance } from './fetching.ts';
import type { FetchContext } from './fetching.ts';
import { noSuchList } from './identity.ts';
import type { PageQuestion } from './master.ts';
import type { StagingCursor } from './ports.ts';
import { PageMemory } from './page-memory.ts';
import type { FetchedRows } from './rows-page.ts';
import { answerRefused } from './sync-failure.ts';

/** Lists below this size are staged row by row, which is as quick. */
export const smallestLoad = 2000;
const maximumPages = 100_000;

/** The master doesn't speak the fast form: the run goes on in the readable one. */
export class RowsNotSpoken extends Error {
  override readonly name = 'RowsNotSpoken';
}

/** Fewer changes come in the readable form, of which nothing has to be kept by the master. */
export const smallestDelta = 100;

/**
 * Brings the feed as rows, from the cursor on until its head, into the run's own tables or into staging: one page is fetched while those before it are
 * written, two at once. Pages may have been made at
 * different heads, for others: what one of them says is overridden by the later ones, and the list is whole at the head of the last page if no page
 * was made at a later one. Returns the cursor there. Throws HistoryGone and RowsNotSpoken.
 */
export async function loadChanges(context: FetchContext, from: StagingCursor, resumed: boolean): Promise<StagingCursor> {
  const { store, taken, counts } = context;
  const before = { ...counts };
  const begun = from.method === 'full' ? { begun: from.head.revision } : {};
  let cursor = from;
  let highest = from.head.revision;
  /** Whatever changed above this revision may be in the loaded pages in an older version. */
  let lowest = resumed ? 0 : Number.POSITIVE_INFINITY;
  let loads: Promise<void>[] = [];
  const memory = new PageMemory();
  let pending: Promise<FetchedRows> | null = askRows(context, memory, { since: from.revision, epoch: from.head.epoch, ...begun });
  try {
    for (let pages = 0; pending; pages += 1) {
      const page: FetchedRows = await pending;
      const { rows, end, body } = page;
      requireSubstance(counts, before);
      if (pages === maximumPages) throw answerRefused('FEED_ENDLESS', `the feed has no end after ${maximumPages} pages`);
      highest = Math.max(highest, end.head.revision);
      const isLast: boolean = end.next === highest && end.next === end.head.revision;
      pending = isLast ? null : askRows(context, memory, { since: end.next, epoch: from.head.epoch, ...begun });
      // Whoever awaits it next hears of its failure; loading this page may fail before that.
      pending?.catch(() => undefined);
      const replaces = end.next > lowest;
      lowest = Math.min(lowest, end.head.revision);
      const head = isLast ? end.head : from.head;
      cursor = { ...from, phase: isLast ? 'complete' : 'fetching', revision: end.next, head };
      const written = { rows, cursor, replaces, after: loads.at(-1) ?? Promise.resolve() };
      const writing = from.loading ? store.loadPage(taken, written) : store.stageRows(taken, written);
      const load = writing.then(() => memory.giveBack(body));
      load.catch(() => undefined);
      loads = [...loads.slice(-1), load];
      if (loads.length === 2) await loads[0];
      counts.fetched += rows.dossierCount + rows.removed.length;
      counts.pages += 1;
      counts.bytes += body.length;
      await store.saveProgress(taken, counts);
    }
    await loads.at(-1);
    return cursor;
  } catch (error) {
    // Nothing of this attempt may still be writing when the next one begins.
    await Promise.allSettled(loads);
    throw error;
  }
}

async function askRows({ master, link, signal }: FetchContext, memory: PageMemory, from: PageQuestion): Promise<FetchedRows> {
  const answer = await master.rows(link.remote_list_id, from, { signal, memory: memory.take });
  if (answer === null) throw new RowsNotSpoken();
  if (answer.outcome === 'no-list') throw noSuchList(link);
  if (answer.outcome === 'reset') throw new HistoryGone();
  const { end } = answer.page;
  if (end.dossier_list !== link.remote_list || end.head.epoch !== from.epoch) {
    throw answerRefused('ANSWER_OF_ANOTHER_LIST', "a page of another list, or of another history of it, came as this list's");
  }
  return answer.page;
}
