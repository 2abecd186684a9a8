import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';

/** A site about which a person should know what a master says. */
export interface ConcernedSite {
  id: number;
  name: string;
  /** One of its keys was revoked there, or the token that let it in here lets nobody in any more. */
  code: 'SITE_DISTRUSTED' | 'TOKEN_DISTRUSTED';
}

/** Ids of keys and tokens that masters take no more, each once. */
export async function takeUntold(tx: Connection): Promise<string[]> {
  const rows = await query<{ id: string }>(
    tx,
    `with untold as (select list_id, id from distrusted where not told for update skip locked), taken as (
       update distrusted d set told = true from untold u where d.list_id = u.list_id and d.id = u.id returning d.id, d.revoked
     )
     select distinct id from taken where revoked`,
  );
  return rows.map(({ id }) => id);
}

/** The sites here that these concern, by name; a person's word for one stands against a token's. */
export async function listConcerned(connection: Connection, ids: readonly string[]): Promise<ConcernedSite[]> {
  if (ids.length === 0) return [];
  return query<ConcernedSite>(
    connection,
    `select s.id, s.name, case when k.site_id is null then 'TOKEN_DISTRUSTED' else 'SITE_DISTRUSTED' end as code
     from sites s left join (select distinct site_id from site_keys where key = any(:ids::text[])) k on k.site_id = s.id
     where s.state <> 'revoked' and (k.site_id is not null or (s.state = 'accepted' and s.introduced_by = 'token' and s.token_ids && :ids::text[]))
     order by s.name, s.id`,
    { ids: [...ids] },
  );
}
