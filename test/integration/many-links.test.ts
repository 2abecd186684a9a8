import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';

let master: EngineNode;
let slave: EngineNode;
/** Ids of lists on the master and of their copies. */
const pairs: { remote: number; local: number }[] = [];

const day = 24 * 3600 * 1000;

beforeAll(async () => {
  master = await createEngineNode({ SYNC_SPREAD_SECONDS: '0' });
  slave = await createEngineNode({ SYNC_SPREAD_SECONDS: '0' });
  for (let number = 0; number < 12; number += 1) {
    const remote = await master.makeList(`list ${number}`);
    await master.makeDossiers([remote], [`Ada ${number}`, `Bob ${number}`]);
    const local = await slave.makeList(`list ${number}`);
    await slave.link(master, remote, local);
    pairs.push({ remote, local });
  }
});
afterAll(async () => {
  await Promise.all([master.close(), slave.close()]);
});

/** The next scheduled runs of all links, none of them one that looks at every row. */
async function night(now: Date): Promise<{ requests: number; jobs: number }> {
  await query(slave.database, `update links set deep_verified_at = :now`, { now });
  slave.reminders.length = 0;
  const before = master.requests();
  await slave.tick(now);
  return { requests: master.requests() - before, jobs: slave.reminders.length };
}

async function newestRuns(): Promise<unknown[]> {
  return query(
    slave.database,
    `select distinct on (slave_list_id) slave_list_id as list, reason, state, unchanged from runs order by slave_list_id, id desc`,
  );
}

describe('many links to one master', () => {
  it('cost one question and no job when nothing changed, once a night', async () => {
    // Every copy stands at the head that its tag names.
    for (const { local } of pairs) await slave.sync(local);
    const tomorrow = new Date(Date.now() + day);
    expect(await night(tomorrow)).toEqual({ requests: 1, jobs: 0 });
    expect(await newestRuns()).toEqual(pairs.map(({ local }) => ({ list: local, reason: 'schedule', state: 'unchanged', unchanged: 2 })));
    expect(await night(tomorrow)).toEqual({ requests: 0, jobs: 0 });
  });

  it('have runs of their own where the master, the copy or a photo needs one', async () => {
    const [changed, touched, lacking] = pairs;
    await master.makeDossiers([changed?.remote ?? 0], ['New']);
    await query(
      slave.database,
      `update dossiers set name = 'By hand' where set_id = set_of(:list) and uuid = (select uuid from dossiers where set_id = set_of(:list) limit 1)`,
      {
        list: touched?.local,
      },
    );
    await query(
      slave.database,
      `insert into missing_photos (slave_list_id, sha256, bytes, dossier) values (:list, sha256('x'), 1, gen_random_uuid())`,
      {
        list: lacking?.local,
      },
    );
    const later = new Date(Date.now() + 2 * day);
    expect(await night(later)).toEqual({ requests: 1, jobs: 3 });
    expect(await query(slave.database, `select slave_list_id as list from runs where finished_date is null order by 1`)).toEqual(
      pairs.slice(0, 3).map(({ local }) => ({ list: local })),
    );
    const [follower] = await query<{ seen: number }>(master.database, `select count(*) as seen from followers`);
    expect(follower?.seen).toBe(pairs.length);
  });
});
