import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/**
 * Keeps which keys and tokens a master takes no more: what this node has from there it gives to nobody on their word either. Called before what came after that is
 * kept, so that nobody learns here what he may not learn there.
 */
export async function keepDistrusted(connection: Connection, remoteUrl: string, ids: readonly string[]): Promise<void> {
  await query(
    connection,
    `with gone as (delete from distrusted where remote_url = :remoteUrl and id <> all(:ids::text[]))
     insert into distrusted (remote_url, id) select :remoteUrl, id from unnest(:ids::text[]) id on conflict do nothing`,
    { remoteUrl, ids: [...ids] },
  );
}
