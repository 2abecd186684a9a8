import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { forgetJournal } from './journal.ts';

/**
 * Forgets how the last sync of a list can be taken back once it was applied more than so many days ago: until then the persons whom it removed still
 * stand in the journal, or in the former set, which is left to upkeep.
 */
export async function pruneJournals(database: Database, days: number): Promise<void> {
  const old = await query<{ list_id: number }>(
    database,
    `select list_id from journals where applied_date < age_moment() - make_interval(days => :days) order by list_id`,
    { days },
  );
  for (const { list_id: listId } of old) {
    await transaction(database, async (tx) => {
      // An apply replaces the journal under this lock.
      await query(tx, `select from links where slave_list_id = :listId for update`, { listId });
      const [journal] = await query(
        tx,
        `select from journals where list_id = :listId and applied_date < age_moment() - make_interval(days => :days)`,
        { listId, days },
      );
      if (journal) await forgetJournal(tx, listId);
    });
  }
}

/** Forgets the names in holds and offline deletions that were settled more than so many days ago. Who decided what stays, in the audit, too. */
export async function pruneSettled(database: Database, days: number): Promise<void> {
  await query(
    database,
    `update holds set examples = '[]' where state in ('applied', 'superseded') and examples <> '[]'
       and greatest(held_date, decided_date) < age_moment() - make_interval(days => :days)`,
    { days },
  );
  await query(database, `delete from offline_deletions where settled_date < age_moment() - make_interval(days => :days)`, { days });
}
