import type { Knex } from 'knex';
import { query } from '@dossier/postgres/database.ts';
import { mostRemembered } from '@dossier/registry/history.ts';
import { differingFields } from '@dossier/registry/history-values.ts';
import type { Sides } from './difference.ts';

/** What a run does to a list, whose difference has been written. */
export interface RememberedRun extends Sides {
  runId: number;
  listId: number;
  /** How many dossiers the list held before. */
  held: number;
  /** How many the run touches. */
  touched: number;
  /** True for a run that takes another one back: the difference says what that one did. */
  takesBack?: boolean;
}

/**
 * Keeps in the history of the dossiers what a run does to them, before it is done. A run that fills an empty list, or touches more than `mostRemembered`, is kept as one entry
 * of the list.
 */
export async function rememberRun(tx: Knex.Transaction, run: RememberedRun): Promise<void> {
  const { runId, listId, held, touched } = run;
  if (touched === 0) return;
  if (held === 0 || touched > mostRemembered) {
    await query(
      tx,
      `insert into history (object, kind, run_id, list_id, master, dossiers)
       select l.uuid, 'many', :runId, l.id, k.remote_url, :touched from watch_lists l join links k on k.slave_list_id = l.id where l.id = :listId`,
      { runId, listId, touched },
    );
    return;
  }
  const [made, removed] = run.takesBack ? ['removing', 'adding'] : ['adding', 'removing'];
  await query(
    tx,
    `insert into history (object, kind, run_id, list_id, master, before, after)
     select x.uuid, case x.kind when '${made}' then 'made' when '${removed}' then 'removed' else 'changed' end, :runId, :listId, k.remote_url, c.before, c.after
     from differences x join links k on k.slave_list_id = :listId
     left join (${run.former}) o on o.uuid = x.uuid
     left join (${run.present}) n on n.uuid = x.uuid
     cross join lateral ${differingFields('o', 'n')} c
     where x.run_id = :runId order by x.uuid`,
    { runId, listId },
  );
}
