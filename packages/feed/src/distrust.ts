import { mostDistrusted } from '@dossier/protocol/feed.ts';
import { query } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import type { Logger } from '@dossier/runtime/logger.ts';

/** What a head says of who may not read its list from those who give it on. */
export interface Distrusted {
  /** Ids of keys that were revoked, and of tokens whose holder was revoked or may read some lists only. */
  readonly distrusted: readonly string[];
  /** Ids of other keys that may not read this list. */
  readonly withheld: readonly string[];
}

export interface Distrust {
  read(): Promise<(list: number) => Distrusted>;
}

/** Asked for with each head, after the head was read: who is told of it is never told less than what was revoked before. */
export function createDistrust({ database, logger }: { database: Database; logger: Pick<Logger, 'warn'> }): Distrust {
  let isWarned = false;
  const cut = (ids: readonly string[]): readonly string[] => {
    if (ids.length > mostDistrusted && !isWarned) {
      isWarned = true;
      logger.warn(
        { ids: ids.length, most: mostDistrusted },
        'More keys and tokens are refused here than are told to branches: the oldest are left out. Change SYNC_TOKEN, and revoke at the branches what they still let in.',
      );
    }
    return ids.slice(0, mostDistrusted);
  };
  return { read: () => readDistrusted(database, cut) };
}

interface Named {
  /** The replica of which a master said so; null: this node itself, of all. */
  list: number | null;
  id: string;
  revoked: boolean;
}

async function readDistrusted(database: Database, cut: (ids: readonly string[]) => readonly string[]) {
  const [named, limited] = await Promise.all([
    query<Named>(database, namedSql),
    query<{ lists: number[]; keys: string[] }>(database, limitedSql),
  ]);
  const answers = new Map<number, Distrusted>();
  return (list: number): Distrusted => {
    const answer = answers.get(list) ?? answerOf(list);
    answers.set(list, answer);
    return answer;
  };

  function answerOf(list: number): Distrusted {
    const here = named.filter((each) => each.list === null || each.list === list);
    const distrusted = new Set(here.filter(({ revoked }) => revoked).map(({ id }) => id));
    const withheld = new Set([
      ...here.filter(({ id, revoked }) => !revoked && !distrusted.has(id)).map(({ id }) => id),
      ...limited.filter(({ lists }) => !lists.includes(list)).flatMap(({ keys }) => keys.filter((key) => !distrusted.has(key))),
    ]);
    return { distrusted: cut([...distrusted]), withheld: cut([...withheld]) };
  }
}

/** Tokens first, then keys of who could read something, the latest first, and last those that were refused at once: nobody pushes others out by asking in vain. */
const namedSql = `
  with told as (
    select l.slave_list_id as list_id, d.id, d.revoked, d.since from distrusted d join links l on l.slave_list_id = d.list_id
    union select l.slave_list_id, d.id, true, d.since from distrusted d join links n on n.slave_list_id = d.list_id
      join links l on l.remote_url = n.remote_url and l.origins = n.origins where d.revoked
  ), concerned as (
    select distinct t.list_id, k.site_id, t.revoked, t.since from told t join site_keys k on k.key = t.id
  ), named as (
    select null::bigint as list_id, unnest(token_ids) as id, true as revoked, 0 as rank, state_date as date from sites where state = 'revoked' or lists is not null
    union all select null, k.key, true, case when s.refused then 2 else 1 end, s.state_date from sites s join site_keys k on k.site_id = s.id where s.state = 'revoked'
    union all select list_id, id, revoked, case when length(id) < 43 then 0 else 1 end, since from told
    union all select c.list_id, unnest(s.token_ids), true, 0, c.since from concerned c join sites s on s.id = c.site_id
    union all select c.list_id, k.key, c.revoked, 1, c.since from concerned c join site_keys k on k.site_id = c.site_id
  )
  select list_id as list, id, revoked from named group by list_id, id, revoked order by min(rank), max(date) desc, id`;

/** The latest first, in an order that no question changes: heads would be others each time. */
const limitedSql = `
  select array_to_json(s.lists) as lists, json_agg(k.key order by k.key) as keys from sites s join site_keys k on k.site_id = s.id
  where s.state <> 'revoked' and s.lists is not null group by s.id order by s.id desc`;
