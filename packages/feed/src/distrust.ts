import { mostDistrusted } from '@dossier/protocol/feed.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';

const rememberedMs = 1000;

/** What this node takes no more, and says so to who has its lists, as those give them on: keys that were revoked, and tokens whose holder was revoked or may read some lists only. */
export interface Distrust {
  /** Ids of keys and tokens, in order. */
  read(): Promise<readonly string[]>;
}

/** Looks it up at most once a second: it is asked for with each head. */
export function createDistrust(database: Database): Distrust {
  let known: Promise<readonly string[]> | null = null;
  let since = 0;
  return {
    read() {
      if (known === null || performance.now() - since > rememberedMs) {
        since = performance.now();
        known = readDistrusted(database).catch((error: unknown) => {
          known = null;
          throw error;
        });
      }
      return known;
    },
  };
}

async function readDistrusted(database: Database): Promise<string[]> {
  const rows = await query<{ id: string }>(
    database,
    `select id from (
       select unnest(array[key, previous_key]) as id from sites where state = 'revoked'
       union select unnest(token_ids) from sites where state = 'revoked' or lists is not null
       union select d.id from distrusted d where exists (select from links k where k.remote_url = d.remote_url)
     ) all_of_them where id is not null order by id limit :most`,
    { most: mostDistrusted },
  );
  return rows.map(({ id }) => id);
}
