import type { Connection } from '@dossier/postgres/database.ts';
import { readPosition, settleDigest } from '@dossier/registry/positions.ts';
import { compareRows, walkDifferences } from './comparison.ts';
import type { LinkRow } from './links.ts';
import type { Master } from './master.ts';

/**
 * How many dossiers of a local list the master's list doesn't hold, so that a first sync would remove them. Compares both by their trees; nothing is
 * changed anywhere. Throws FeedError or SyncFailure.
 */
export async function countRemovedByFirstSync(
  connection: Connection,
  listId: number,
  { master, link, signal }: { master: Master; link: Pick<LinkRow, 'remote_list_id' | 'remote_list' | 'remote_url'>; signal: AbortSignal },
): Promise<number> {
  await settleDigest(connection, listId);
  const local = await readPosition(connection, listId);
  if (!local || local.dossier_count === 0) return 0;
  let removed = 0;
  for await (const part of walkDifferences({ master, link, setId: local.set_id, connection, signal })) {
    removed += (await compareRows(connection, { setId: local.set_id, listId, part })).extra.length;
  }
  return removed;
}
