import type { Knex } from 'knex';
import type { Database } from '@dossier/postgres/database.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { refreshStatistics } from '@dossier/postgres/statistics.ts';
import { requireFence } from './fence.ts';
import type { TakenRun } from './fence.ts';
import { shareIds } from './row-columns.ts';

/**
 * Makes a set that a run has filled ready to be a list's: gathers statistics and marks what everybody may see, so that its first readers needn't, and
 * builds its tree. Where no reader looks; may be done again. Throws FencedError.
 */
export async function prepareSet(database: Database, taken: TakenRun, setId: number): Promise<void> {
  // Not in a transaction, which VACUUM refuses. Reading what was just loaded is several times as slow before it.
  await query(database, `vacuum (skip_locked, index_cleanup off, truncate off) dossiers`);
  const building = transaction(database, async (tx) => {
    await requireFence(tx, taken);
    await query(tx, `select build_tree(${setId})`);
  });
  // Neither needs the other, and both are work for a processor.
  const [tree, statistics] = await Promise.allSettled([building, refreshStatistics(database)]);
  for (const part of [tree, statistics]) if (part.status === 'rejected') throw part.reason;
}

/** Gives the rows of a set the ids that their dossiers have in the list that it is to be, in other lists, or had before they were deleted here. */
export async function settleIds(tx: Knex.Transaction, { listId, newSet }: { listId: number; newSet: number }): Promise<void> {
  await shareIds(tx);
  const others = await query<{ set_id: number }>(
    tx,
    `select set_id from list_positions where dossier_count > 0 order by list_id = :listId desc, list_id`,
    { listId },
  );
  // Later lists never change what an earlier one said: all rows of a dossier have the same id.
  for (const { set_id: known } of others) {
    await query(
      tx,
      `update dossiers n set id = o.id from dossiers o where n.set_id = ${newSet} and o.set_id = ${known} and o.uuid = n.uuid and o.id <> n.id`,
    );
  }
  await query(
    tx,
    `update dossiers n set id = o.dossier_id from offline_deletions o
     where n.set_id = ${newSet} and o.slave_list_id = :listId and o.settled_as is null and o.dossier = n.uuid and o.dossier_id <> n.id
       and not exists (select from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = n.uuid where p.list_id <> :listId)`,
    { listId },
  );
}
