import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { cancelRuns, createRun, findLink } from './links.ts';
import type { LinkRow } from './links.ts';
import type { RunRow } from './runs.ts';
import { eraseWithdrawn, forgetFormer } from './withdrawn-traces.ts';

/** Another address of a link's master, another list there, or both; what is left out stays. */
export interface LinkCorrection {
  slaveListId: number;
  remoteUrl?: string | undefined;
  remoteListId?: number | undefined;
  /** The user who corrects it. */
  by: string | null;
}

/**
 * `unchanged`: the link is like this already; `followed`: it has followed a list, which can't become another one; `undoing`: what its last sync did
 * is being taken back.
 */
export type LinkCorrectionOutcome =
  | { outcome: 'no-link' | 'unlinking' | 'unchanged' | 'followed' | 'undoing' }
  | { outcome: 'corrected'; before: LinkRow; link: LinkRow; runId: number };

/**
 * Corrects where a link leads and makes a run that follows it there, in the place of an unfinished one, which is fenced out with what it has
 * fetched. Whose node answers stays pinned, and so does the list, unless it is the list that is corrected.
 */
export async function correctLink(database: Database, correction: LinkCorrection): Promise<LinkCorrectionOutcome> {
  return transaction(database, async (tx): Promise<LinkCorrectionOutcome> => {
    const { slaveListId, by } = correction;
    await query(tx, `select from links where slave_list_id = :slaveListId for update`, { slaveListId });
    const before = await findLink(tx, slaveListId);
    if (!before) return { outcome: 'no-link' };
    if (before.state === 'unlinking') return { outcome: 'unlinking' };
    const { remoteUrl = before.remote_url, remoteListId = before.remote_list_id } = correction;
    const otherList = remoteListId !== before.remote_list_id;
    if (!otherList && remoteUrl === before.remote_url) return { outcome: 'unchanged' };
    if (otherList && before.epoch !== null) return { outcome: 'followed' };
    const open = await queryOne<Pick<RunRow, 'reason' | 'mode'>>(
      tx,
      `select reason, mode from runs where slave_list_id = :slaveListId and finished_date is null`,
      { slaveListId },
    );
    if (open?.reason === 'undo') return { outcome: 'undoing' };
    // Another run, since this one would go on where it stopped, with pages of another list.
    await query(tx, cancelRuns, { slaveListId });
    const run = await createRun(tx, { slaveListId, reason: open?.reason ?? 'person', mode: open?.mode ?? 'auto', by });
    await query(
      tx,
      `update links set remote_url = :remoteUrl, remote_list_id = :remoteListId, fence = fence + 1, error = null,
         remote_list = case when remote_list_id = :remoteListId then remote_list end,
         remote_name = case when remote_list_id = :remoteListId then remote_name end,
         origins = case when remote_list_id = :remoteListId then origins else '{}' end,
         state = case when state in ('syncing', 'failed') then 'pending' else state end
       where slave_list_id = :slaveListId`,
      { slaveListId, remoteUrl, remoteListId },
    );
    if (otherList) {
      // What was withdrawn can't come back by this link any more.
      await eraseWithdrawn(tx, slaveListId);
      await forgetFormer(tx, slaveListId);
    }
    const link = await findLink(tx, slaveListId);
    if (!link) throw new Error(`link ${slaveListId} vanished while it was corrected`);
    return { outcome: 'corrected', before, link, runId: run.id };
  });
}
