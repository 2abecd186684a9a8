import { query } from './database.ts';
import type { Database } from './database.ts';

/** The columns that the planner has to know of. To sample long texts would take longer than to sort the short ones. */
export const analysed = {
  dossiers: 'uuid, id, name, active, external_id, created_date, modified_date',
  memberships: 'list_id, dossier, revision',
  photos: 'dossier, sha256, id',
} as const;

type Analysed = keyof typeof analysed;
const all: readonly Analysed[] = ['dossiers', 'memberships', 'photos'];

/**
 * Lets the planner know of what a big import or sync has changed. Until autovacuum does so a minute later, it takes a new list for one without
 * members and reads the whole list for each member that changes.
 */
export async function refreshStatistics(database: Database, tables: readonly Analysed[] = all): Promise<void> {
  await query(database, `analyze ${tables.map((table) => `${table} (${analysed[table]})`).join(', ')}`);
}
