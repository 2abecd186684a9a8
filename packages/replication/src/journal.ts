import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import type { FetchedRun } from './difference.ts';
import { contentColumns } from './row-columns.ts';

/** Forgets what the last applied sync of a list took away; a set that was kept for it is left to upkeep. */
export async function forgetJournal(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(tx, `update sets set purpose = 'garbage', since = age_moment() where list_id = :listId and purpose = 'undo'`, { listId });
  await query(
    tx,
    `select note_lost_photos(j.photos) from journal_rows j where j.list_id = :listId and j.photos::text <> '[]' and not exists (
       select from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = j.uuid
       where p.list_id = j.list_id and d.photos::text = j.photos::text)`,
    { listId },
  );
  await query(tx, `delete from journal_rows where list_id = :listId`, { listId });
  await query(tx, `delete from journals where list_id = :listId`, { listId });
}

/**
 * Begins the journal of the apply of a run, in the place of the one of the sync before: where the list and its link stood, and with a merge the rows that
 * are about to be changed or removed, and which come. Part of the apply, after its difference was written and before anything is changed;
 * `setAsideBefore` is what was set aside then (`readSetAside`).
 */
export async function openJournal(tx: Knex.Transaction, run: FetchedRun, setAsideBefore: string): Promise<void> {
  const { runId, listId, setId, newSet } = run;
  await forgetJournal(tx, listId);
  await query(
    tx,
    `insert into journals (list_id, run_id, former_set, digest_before, declaration, link, set_aside)
     select p.list_id, :runId, case when :pointed::boolean then p.set_id end, p.digest, l.declaration, to_jsonb(k), :setAsideBefore::jsonb
     from list_positions p join watch_lists l on l.id = p.list_id join links k on k.slave_list_id = p.list_id where p.list_id = :listId`,
    { runId, listId, pointed: newSet !== null, setAsideBefore },
  );
  if (newSet !== null) return;
  await query(
    tx,
    `insert into journal_rows (list_id, uuid, kind, id, ${contentColumns.join(', ')})
     select :listId, x.uuid, case x.kind when 'adding' then 'added' when 'changing' then 'changed' else 'removed' end, d.id,
       ${contentColumns.map((column) => `d.${column}`).join(', ')}
     from differences x left join dossiers d on d.set_id = ${setId} and d.uuid = x.uuid where x.run_id = :runId`,
    { runId, listId },
  );
}

/** Notes what the list is after the apply; the journal is good for as long as it stays that. */
export async function closeJournal(tx: Knex.Transaction, listId: number): Promise<void> {
  await query(tx, `update journals j set digest_after = p.digest from list_positions p where p.list_id = :listId and j.list_id = :listId`, {
    listId,
  });
}

/** A journal as it comes out of row_to_json(). */
export interface JournalRow {
  run_id: number;
  applied_date: string;
}

/** Of the link `k`, for a list of columns: the last applied sync, if it can be taken back. */
export const journalOfLink = `(select json_build_object('run_id', j.run_id, 'applied_date', j.applied_date)
  from journals j join list_positions o on o.list_id = j.list_id
  where j.list_id = k.slave_list_id and j.digest_after = o.digest) as undo`;
