import type { Connection } from '@dossier/postgres/database.ts';
import { readPosition, settleDigest } from '@dossier/registry/positions.ts';
import { compareRows, walkDifferences } from './comparison.ts';
import type { LinkRow } from './links.ts';
import type { Master } from './master.ts';

/** What a first sync of a list would do; nothing is changed anywhere. */
export interface Preview {
  /** Dossiers of the master's list. */
  remoteCount: number;
  /** Dossiers of the local list that the master's doesn't hold. */
  removed: number;
}

/** Compares a local list with a master's by their trees. Throws FeedError or SyncFailure. */
export async function previewFirstSync(
  connection: Connection,
  {
    master,
    listId,
    remote,
    signal,
  }: { master: Master; listId: number; remote: Pick<LinkRow, 'remote_list_id' | 'remote_url'>; signal: AbortSignal },
): Promise<Preview> {
  await settleDigest(connection, listId);
  const local = await readPosition(connection, listId);
  const answer = await master.head(remote.remote_list_id, { position: null, tag: null }, signal);
  if (answer.outcome !== 'head') return { remoteCount: 0, removed: local?.dossier_count ?? 0 };
  if (!local || local.dossier_count === 0) return { remoteCount: answer.head.position.count, removed: 0 };
  let removed = 0;
  for await (const part of walkDifferences({ master, link: remote, setId: local.set_id, connection, signal })) {
    removed += (await compareRows(connection, { setId: local.set_id, listId, part })).extra.length;
  }
  return { remoteCount: answer.head.position.count, removed };
}
