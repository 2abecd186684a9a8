import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { query } from '@dossier/postgres/database.ts';
import { requestScheduledRun } from '@dossier/replication/runs.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEngineNode } from '../kit/engine.ts';
import type { EngineNode } from '../kit/engine.ts';
import { startNodeApi } from '../kit/node-api.ts';

const day = 24 * 3600 * 1000;
let node: EngineNode;
/** Takes connections and never answers. */
let silent: Server;

beforeAll(async () => {
  node = await createEngineNode({ SYNC_SPREAD_SECONDS: '0' });
  silent = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '0.0.0.0');
  await once(silent, 'listening');
});
afterAll(async () => {
  silent.close();
  await node.close();
});
beforeEach(async () => {
  node.reminders.length = 0;
  await query(node.database, 'delete from runs');
  await query(node.database, 'delete from links');
});

/** Links that are due, as an earlier sync has left them. */
async function makeLinks(count: number, remoteUrl: (at: number) => string, zone = 'UTC'): Promise<number[]> {
  const lists: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const list = await node.makeList(`list ${at}`);
    lists.push(list);
    await query(
      node.database,
      `insert into links (slave_list_id, remote_url, remote_list_id, remote_node, remote_list, remote_name, state, head_tag, deep_verified_at,
         sync_hour, sync_minute, sync_zone, last_scheduled_date, created_date)
       values (:list, :url, :list, gen_random_uuid(), gen_random_uuid(), 'list', 'synced', 'tag', now(), 3, 0, :zone, current_date - 1, now())`,
      { list, url: remoteUrl(at), zone },
    );
  }
  return lists;
}

async function runsOf(lists: readonly number[]): Promise<number[]> {
  const rows = await query<{ list: number }>(node.database, `select slave_list_id as list from runs order by 1`);
  return rows.map(({ list }) => list).filter((list) => lists.includes(list));
}

describe('the look for what is due', () => {
  it('waits for masters that do not answer all at once, not one after the other', async () => {
    const { port } = silent.address() as AddressInfo;
    const lists = await makeLinks(8, (at) => `http://127.0.0.${(at % 4) + 1}:${port}`);
    const begun = performance.now();
    await node.tick(new Date(Date.now() + day));
    expect(performance.now() - begun).toBeLessThan(18_000);
    expect(await runsOf(lists)).toEqual(lists);
  });

  it('starts all others where one link can not be started, and says what went wrong', async () => {
    const lists = await makeLinks(5, () => 'http://127.0.0.1:9');
    const broken = lists[1] ?? 0;
    await query(
      node.database,
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused by the test'; end $$;
       create trigger refuse before insert on runs for each row when (new.slave_list_id = ${broken}) execute function refuse()`,
    );
    await expect(node.tick(new Date(Date.now() + day))).rejects.toThrow('refused by the test');
    await query(node.database, `drop function refuse() cascade`);
    expect(await runsOf(lists)).toEqual(lists.filter((list) => list !== broken));
    // Neither a run nor a date that was served: the next look tries again.
    await node.tick(new Date(Date.now() + day));
    expect(await runsOf(lists)).toEqual(lists);
  });

  it('makes one run for a date, however many workers look at once', async () => {
    const [list = 0] = await makeLinks(1, () => 'http://127.0.0.1:9');
    const [link] = await query<{ seen: string }>(node.database, `select last_scheduled_date::text as seen from links`);
    const wanted = { slaveListId: list, mode: 'auto' as const, seen: link?.seen ?? null, scheduledDate: '2031-01-01', nextRun: new Date() };
    const made = await Promise.all([1, 2, 3, 4].map(() => requestScheduledRun(node.database, wanted)));
    const first = made.find((run) => run !== null);
    await query(node.database, `update runs set state = 'unchanged', finished_date = now() where id = :id`, { id: first?.id });
    expect(await requestScheduledRun(node.database, wanted)).toBeNull();
    expect(await runsOf([list])).toHaveLength(1);
  });

  it('does not wait for an apply that holds a link', async () => {
    const lists = await makeLinks(2, () => 'http://127.0.0.1:9');
    await node.database.transaction(async (tx) => {
      await query(tx, `select from links where slave_list_id = :list for update`, { list: lists[0] });
      const begun = performance.now();
      await node.tick(new Date(Date.now() + day));
      expect(performance.now() - begun).toBeLessThan(5000);
      expect(await runsOf(lists)).toEqual([lists[1]]);
    });
    await node.tick(new Date(Date.now() + day));
    expect(await runsOf(lists)).toEqual(lists);
  });

  it('keeps the time as one of UTC where the zone is not known here', async () => {
    const lists = await makeLinks(2, () => 'http://127.0.0.1:9', 'Mars/Phobos');
    await node.tick(new Date(Date.now() + day));
    expect(await runsOf(lists)).toEqual(lists);
    const [link] = await query<{ next: Date }>(node.database, `select next_run as next from links limit 1`);
    expect(link?.next.toISOString()).toMatch(/T03:00:00\.000Z$/);
  });
});

it('a zone that this node does not know fails nothing but the schedule, and the link says so', async () => {
  const [master, slave] = await Promise.all([createEngineNode({ TIME_ZONE: 'Europe/Athens' }), startNodeApi()]);
  const { DateTimeFormat } = Intl;
  try {
    const remote = await master.makeList('list');
    await master.makeDossiers([remote], ['Ada']);
    const local = await slave.makeList();
    // As if this node were older than the zone.
    vi.spyOn(Intl, 'DateTimeFormat').mockImplementation(function (locale, options) {
      if (options?.timeZone === 'Europe/Athens') throw new RangeError('Invalid time zone specified: Europe/Athens');
      return new DateTimeFormat(locale, options);
    });
    const answer = await slave.call('POST', '/sync/dossier-lists/', {
      body: { remote_dossier_list: remote, remote_url: master.feedUrl, slave_dossier_list: local },
    });
    expect(answer.status).toBe(202);
    await slave.work();
    const link = await vi.waitUntil(
      async () => {
        const { json } = await slave.call('GET', `/sync/dossier-lists/${local}/`);
        return (json as { state: string }).state === 'synced' ? (json as Record<string, string>) : null;
      },
      { timeout: 20_000 },
    );
    expect(link['schedule_fault']).toMatch(/TIME_ZONE Europe\/Athens is not known to this node.*03:00 UTC/);
    expect(link['next_run']).toMatch(/T03:00/);
  } finally {
    vi.restoreAllMocks();
    await slave.stop();
    await master.close();
  }
});

it('a run whose apply takes long shows that its worker lives', async () => {
  const [master, slave] = await Promise.all([createEngineNode(), createEngineNode()]);
  const remote = await master.makeList('list');
  await master.makeDossiers([remote], ['Ada']);
  const local = await slave.makeList('copy');
  // The apply is held up where it points the list at its new set.
  await query(
    slave.database,
    `create function hold_up() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(4711); return new; end $$;
     create trigger hold_up before update on list_positions for each row when (new.set_id <> old.set_id) execute function hold_up()`,
  );
  const heartbeat = async (): Promise<number> => {
    const [run] = await query<{ heartbeat: Date }>(slave.database, `select heartbeat from runs where state = 'applying'`);
    return run?.heartbeat.getTime() ?? 0;
  };
  let linked: Promise<unknown> = Promise.resolve();
  await slave.database.transaction(async (tx) => {
    await query(tx, `select pg_advisory_xact_lock(4711)`);
    linked = slave.link(master, remote, local);
    await vi.waitUntil(heartbeat, { timeout: 10_000 });
    const before = await heartbeat();
    await vi.waitUntil(async () => (await heartbeat()) > before, { timeout: 15_000, interval: 200 });
  });
  await expect(linked).resolves.toMatchObject({ state: 'synced' });
  await Promise.all([master.close(), slave.close()]);
});
