import { query } from './database.ts';
import type { Database } from './database.ts';

/** The columns by which rows are found. To sample long texts would take longer than to sort the short ones. */
const found = 'set_id, uuid, revision, id, external_id, name, created_date, modified_date, active, valid_from, valid_until';

/**
 * Lets the planner know of what a big import has changed. Until autovacuum does so a minute later, it takes a long new list for one of a few rows, which it
 * would sort for each page. Waits for nobody: who vacuums or analyses the table at this moment holds nothing up, and this is left out.
 */
export async function refreshStatistics(database: Database): Promise<void> {
  await query(database, `analyze (skip_locked) dossiers (${found})`);
}
