import { query, transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { dossierColumns } from './dossiers.ts';
import type { DossierRow } from './dossiers.ts';

/** All rows are read; nobody waits for longer. */
const longest = '20s';

/**
 * Dossiers that show the photo of this address, by their numbers; copies of one once. All rows are read, as no index of photos is kept, so the store should
 * be asked first whether it has the photo.
 */
export async function findPhotoHolders(
  database: Database,
  { sha256, lists, except, limit }: { sha256: string; lists?: readonly number[] | undefined; except?: number | undefined; limit: number },
): Promise<DossierRow[]> {
  return transaction(database, async (tx) => {
    await query(tx, `select set_config('statement_timeout', :longest, true)`, { longest });
    return query<DossierRow>(
      tx,
      `select ${dossierColumns}, (
         select json_agg(p.list_id order by p.list_id) from rows_of(d.id) copy join list_positions p on p.set_id = copy.set_id where copy.uuid = d.uuid
       ) as lists
       from (
         select distinct on (d.id) d.* from dossiers d join list_positions p on p.set_id = d.set_id
         where d.photos::text like '%' || :sha256::text || '%' and d.id <> coalesce(:except::bigint, 0) and (:lists::bigint[] is null or p.list_id = any(:lists::bigint[]))
         order by d.id, d.modified_date desc, p.list_id limit :limit
       ) d order by d.id`,
      { sha256, lists: lists ? [...lists] : null, except: except ?? null, limit },
    );
  });
}
