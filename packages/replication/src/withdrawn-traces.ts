import type { Knex } from 'knex';
import { eraseListHistory } from '@dossier/accounts/history.ts';
import { query } from '@dossier/postgres/database.ts';
import { leaveMissingPhotos } from '@dossier/registry/missing-photos.ts';
import { forgetJournal } from './journal.ts';
import { forgetRemovals } from './removals.ts';

/* What is known of the dossiers of a replica beside its rows. */

/** What runs fetched, by their tables. */
const fetched = ['cursors', 'incoming', 'refusals', 'differences', 'wanted_photos'];

/**
 * Forgets, of a list that is emptied now, what could bring its former dossiers back or names them: what was fetched, waits for a person, could be taken back, is set
 * aside or differed. What was deleted here on purpose (`keep-deleted`) stays known, without names.
 */
export async function forgetTraces(tx: Knex.Transaction, listId: number): Promise<void> {
  await forgetJournal(tx, listId);
  await forgetRemovals(tx, listId);
  await query(tx, `delete from holds where slave_list_id = :listId`, { listId });
  await query(tx, `delete from dead_letters where slave_list_id = :listId`, { listId });
  await query(tx, `delete from set_aside where list_id = :listId and reason <> 'kept-deleted'`, { listId });
  await query(
    tx,
    `update runs set set_aside = '[]', differences = null where slave_list_id = :listId and (set_aside <> '[]' or differences is not null)`,
    { listId },
  );
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose in ('filling', 'held')`, {
    listId,
  });
  for (const table of fetched) {
    await query(tx, `delete from ${table} where run_id in (select id from runs where slave_list_id = :listId)`, { listId });
  }
  await leaveMissingPhotos(tx, listId);
}

/** What is linked next into a list is its first sync, whatever it held before it was withdrawn. */
export async function forgetFormer(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(tx, `update withdrawn_lists set epoch = null, revision = null, digest = null, dossier_count = null where list_id = :listId`, {
    listId,
  });
}

/** Erases what is kept of a list that is withdrawn for the day on which it is granted again, and what became of its dossiers. Nothing of any other list. */
export async function eraseWithdrawn(tx: Knex.Transaction, listId: number): Promise<void> {
  const withdrawn = await query(tx, `update withdrawn_lists set erased_date = now() where list_id = :listId returning list_id`, { listId });
  if (withdrawn.length === 0) return;
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'withdrawn'`, {
    listId,
  });
  await eraseListHistory(tx, listId);
  await query(tx, `delete from offline_deletions where slave_list_id = :listId`, { listId });
  await query(tx, `delete from set_aside where list_id = :listId`, { listId });
}
