import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { newestFirst, toPage } from '@dossier/postgres/keyset.ts';
import type { Page, PageRequest } from '@dossier/postgres/keyset.ts';

/** A dossier of a replica that was deleted on this slave while its master was unavailable. */
export interface OfflineDeletionRow {
  id: number;
  slave_list_id: number;
  /** The uuid. */
  dossier: string;
  dossier_id: number;
  name: string;
  external_id: string | null;
  deleted_by: string;
  deleted_date: Date;
  settled_as: 'restored' | 'kept-deleted' | 'gone-on-master' | 'unlinked' | null;
  settled_date: Date | null;
  settled_run: number | null;
}

export interface OfflineDeletionFilter {
  slaveListId?: number | undefined;
  /** False: those that the next sync has to settle. */
  settled?: boolean | undefined;
}

/** One page of the journal, of one list or of all, newest first. */
export async function listOfflineDeletions(
  connection: Connection,
  { slaveListId, settled }: OfflineDeletionFilter,
  page: PageRequest,
): Promise<Page<OfflineDeletionRow>> {
  const { condition, order } = newestFirst(page);
  const list = slaveListId === undefined ? '' : 'and slave_list_id = :slaveListId';
  const open = settled === undefined ? '' : `and settled_as is ${settled ? 'not ' : ''}null`;
  const rows = await query<OfflineDeletionRow>(
    connection,
    `select id, slave_list_id, dossier, dossier_id, name, external_id, deleted_by, deleted_date, settled_as, settled_date, settled_run
     from offline_deletions where not is_withdrawn(slave_list_id) and ${condition} ${list} ${open} order by ${order} limit :rows`,
    { slaveListId: slaveListId ?? null, id: page.cursor?.id ?? 0, rows: page.limit + 1 },
  );
  return toPage(rows, page, (row) => ({ value: null, id: row.id }));
}

/** The statement that closes the open entries of a list by what its rows say now. */
export const settleOfflineDeletions = `
     update offline_deletions o set settled_date = now(), settled_run = :runId, settled_as = case
       when exists (select from list_positions p join dossiers d on d.set_id = p.set_id and d.uuid = o.dossier where p.list_id = :listId) then 'restored'
       when exists (select from set_aside a where a.list_id = :listId and a.uuid = o.dossier) then 'kept-deleted'
       else 'gone-on-master' end
     where o.slave_list_id = :listId and o.settled_as is null returning settled_as`;

/** How many dossiers were restored, by what `settleOfflineDeletions` returned. */
export function countRestored(rows: readonly unknown[]): number {
  return (rows as { settled_as: string }[]).filter((row) => row.settled_as === 'restored').length;
}
