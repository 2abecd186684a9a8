import { query } from '@dossier/postgres/database.ts';
import { generateNodeKey, wordsOf } from '@dossier/protocol/node-key.ts';
import type { NodeProcess } from './node-process.ts';

/** Sites of a master, by what their pages have to show. */
export interface SampleSites {
  readonly followed: number;
  readonly waiting: number;
  readonly cloned: number;
  readonly withdrawing: number;
  readonly invited: number;
  readonly revoked: number;
}

interface Facts {
  name: string;
  state: string;
  address: string;
  alert?: { code: string; desc: string; remedy: string };
  reason?: string;
  lists?: number[];
}

/** Gives a master that a slave follows sites of every kind beside it. */
export async function addSites(master: NodeProcess, list: number): Promise<SampleSites> {
  const { database } = master.test;
  const one = async (sql: string, parameters = {}): Promise<number> => {
    const [row] = await query<{ id: number }>(database, sql, parameters);
    if (!row) throw new Error('no site');
    return row.id;
  };
  const enter = async ({ name, state, address, alert, reason, lists }: Facts): Promise<number> => {
    const { id: key } = generateNodeKey();
    return one(
      `insert into sites (name, node, key, words, state, state_date, reason, introduced_by, token_ids, lists, address, version, first_seen, last_seen, alert)
       values (:name, gen_random_uuid(), :key, :words, :state, now() - interval '2 hours', :reason, 'token', array['0123456789abcdef'], :lists::bigint[], :address, '0.1.0',
         now() - interval '40 days', now() - interval '2 hours', :alert::jsonb || jsonb_build_object('date', now() - interval '3 hours'))
       returning id`,
      {
        name,
        state,
        address,
        key,
        words: await wordsOf(key),
        reason: reason ?? null,
        lists: lists ?? null,
        alert: alert === undefined ? null : JSON.stringify(alert),
      },
    );
  };
  const invited = (await master.call('POST', '/sites/', { name: 'Ferry terminal', lists: [list] })).json as { id: number };
  const withdrawing = await enter({ name: 'Warehouse 3', state: 'accepted', address: '10.20.0.3', lists: [] });
  await query(
    database,
    `insert into withdrawals (site_id, list_id, list_uuid, purge, since, told_date)
     select :site, id, uuid, false, now() - interval '1 hour', now() - interval '50 minutes' from watch_lists where id = :list`,
    {
      site: withdrawing,
      list,
    },
  );
  return {
    followed: await one(`select id from sites where introduced_by = 'token' and state = 'accepted' order by id limit 1`),
    waiting: await enter({ name: 'Gate 12', state: 'pending', address: '10.20.0.12' }),
    cloned: await enter({
      name: 'Gate 4',
      state: 'accepted',
      address: '10.20.0.4',
      alert: {
        code: 'SITE_CLONED',
        desc: 'The site "Gate 4" says something under a number that it has used before.',
        remedy: 'Ask who set up a copy of that node.',
      },
    }),
    withdrawing,
    invited: invited.id,
    revoked: await enter({ name: 'Gate 7', state: 'revoked', address: '10.20.0.7', reason: 'stolen from the guard house' }),
  };
}

/** A master of a slave under whose address another key signs. */
export async function addOfferedKey(slave: NodeProcess): Promise<void> {
  await query(
    slave.test.database,
    `insert into masters (remote_url, node, name, key, offered_key, offered_date, offered_url)
     values ('http://harbour.example:8000', gen_random_uuid(), 'Harbour office', :key, :offered, now() - interval '20 minutes', 'http://harbour.example:8000')`,
    { key: generateNodeKey().id, offered: generateNodeKey().id },
  );
}
