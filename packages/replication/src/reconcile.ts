import type { Head } from '@dossier/protocol/feed.ts';
import { requestRows } from '@dossier/protocol/feed.ts';
import { settleDigest } from '@dossier/registry/positions.ts';
import { compareRows, mostCompared, walkDifferences } from './comparison.ts';
import { beginFetching } from './cursors.ts';
import type { RunCursor } from './cursors.ts';
import { noSuchList } from './identity.ts';
import type { RowsPage } from './master.ts';
import { keepPage } from './received-page.ts';
import type { FetchContext } from './receive.ts';
import { saveProgress } from './runs.ts';
import { answerRefused } from './sync-failure.ts';

/** From so many on, and from half of the list on, fetching everything is cheaper. */
const manyDifferences = 1000;
const largeShare = 0.5;

/**
 * Compares a replica with its master by content and keeps what differs as changes: the master's dossiers that are missing or other here, tombstones for
 * those that only the replica has. What changes on the master meanwhile is in the feed after the head, where the cursor that is returned stands. Null if so
 * much differs that everything is to be fetched.
 */
export async function receiveDifferences(context: FetchContext, setId: number, head: Head): Promise<RunCursor | null> {
  const { database, taken, link, master, signal, counts } = context;
  await settleDigest(database, taken.listId);
  const cursor = await beginFetching(database, taken, { method: 'reconcile', revision: head.position.revision, head: head.position });
  let found = 0;
  for await (const part of walkDifferences({ master, link, setId, connection: database, signal })) {
    const { extra, missing, changed } = await compareRows(database, { setId, listId: taken.listId, part });
    const differing = extra.length + missing.length + changed.length;
    found += differing;
    if (differing >= mostCompared) return null;
    if (found > manyDifferences && found > largeShare * head.position.count) return null;
    if (extra.length > 0) await keepPage(database, taken, { page: removedAlone(extra), cursor, replaces: true });
    await receiveRows(context, [...missing, ...changed], (page) => keepPage(database, taken, { page, cursor, replaces: true }));
    await saveProgress(database, taken, counts);
  }
  return cursor;
}

function removedAlone(removed: readonly string[]): Pick<RowsPage, 'rows' | 'count' | 'removed' | 'refused' | 'uuids' | 'wanted'> {
  return { rows: Buffer.alloc(0), count: 0, removed, refused: [], wanted: [], uuids: () => removed };
}

/** Asks for dossiers of the master's list as they are now, and hands the pages on as they come. Those that have left the list meanwhile are in none. */
export async function receiveRows(context: FetchContext, uuids: readonly string[], keep: (page: RowsPage) => Promise<void>): Promise<void> {
  const { master, link, signal, counts } = context;
  let waiting = uuids;
  while (waiting.length > 0) {
    const asked = waiting.slice(0, requestRows);
    const answer = await master.rows(link.remote_list_id, asked, { signal });
    if (answer.outcome === 'no-list') throw noSuchList(link);
    const { page, left } = answer;
    if (page.end.dossier_list !== link.remote_list)
      throw answerRefused('ANSWER_OF_ANOTHER_LIST', "dossiers of another list came as this list's");
    const known = new Set(asked);
    if (page.uuids().some((uuid) => !known.has(uuid)))
      throw answerRefused('ANSWER_NOT_ASKED_FOR', 'it holds dossiers that were not asked for');
    if (left >= asked.length) throw answerRefused('FEED_ENDLESS', 'a page of dossiers brings the reader no further');
    await keep(page);
    counts.fetched += page.count;
    counts.pages += 1;
    counts.bytes += page.bytes;
    waiting = [...asked.slice(asked.length - left), ...waiting.slice(requestRows)];
  }
}
