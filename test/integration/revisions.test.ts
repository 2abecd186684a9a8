import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { book, lockLists, settleDigest } from '@dossier/registry/positions.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
});
afterAll(() => test.drop());

async function makeList(): Promise<number> {
  const list = await queryOne<{ id: number }>(database, `insert into watch_lists (name) values ('list') returning id`);
  return list?.id ?? 0;
}

async function makeDossiers(list: number, count: number): Promise<string[]> {
  const rows = await query<{ uuid: string }>(
    database,
    `insert into dossiers (set_id, name) select set_of(:list), 'Person ' || n from generate_series(1, :count::int) n returning uuid`,
    { list, count },
  );
  return rows.map(({ uuid }) => uuid);
}

interface Standing {
  revision: number;
  count: number;
  digest: string;
}

const standingOf = async (connection: Connection, list: number): Promise<Standing> => {
  const row = await queryOne<Standing>(
    connection,
    `select revision, dossier_count as count, encode(digest, 'hex') as digest from list_positions where list_id = :list`,
    { list },
  );
  if (!row) throw new Error(`no list ${list}`);
  return row;
};

/** The position says what the rows say, the tree is the one that is built from them anew, and each row has the hash of its content. */
async function expectHonest(list: number): Promise<void> {
  const digest = await settleDigest(database, list);
  const told = await standingOf(database, list);
  const wrong = await query(
    database,
    `select uuid from dossiers where set_id = set_of(:list)
       and hash <> dossier_hash(active, external_id, name, comment, valid_from, valid_until, meta, photos, features)`,
    { list },
  );
  expect(wrong).toEqual([]);
  const counted = await queryOne(
    database,
    `select count(*) as count, coalesce(max(revision), 0) <= :head as below from dossiers where set_id = set_of(:list)`,
    { list, head: told.revision },
  );
  expect(counted).toEqual({ count: told.count, below: true });
  const rebuilt = await transaction(database, async (tx) => {
    await query(tx, `select from list_positions where list_id = :list for no key update`, { list });
    const before = await query(
      tx,
      `select prefix, count, encode(hash, 'hex') as hash from tree_nodes where set_id = set_of(:list) order by 1`,
      { list },
    );
    await query(tx, `select build_tree(set_of(:list))`, { list });
    const after = await query(
      tx,
      `select prefix, count, encode(hash, 'hex') as hash from tree_nodes where set_id = set_of(:list) order by 1`,
      { list },
    );
    expect(before).toEqual(after);
    return queryOne<{ digest: string }>(tx, `select encode(set_digest(set_of(:list)), 'hex') as digest`, { list });
  });
  expect(rebuilt?.digest).toBe(digest);
}

describe('SQL by hand', () => {
  it('gets hash, revision, count, digest and tombstones', async () => {
    const list = await makeList();
    const empty = await standingOf(database, list);
    const uuids = await makeDossiers(list, 100);
    const full = await standingOf(database, list);
    expect(full.count).toBe(100);
    expect(full.revision).toBeGreaterThan(empty.revision);
    await expectHonest(list);
    await query(database, `update dossiers set comment = 'changed' where uuid = any(:some::uuid[])`, { some: uuids.slice(0, 10) });
    const changed = await standingOf(database, list);
    expect(changed.digest).not.toBe(full.digest);
    expect(
      await query(database, `select from dossiers where set_id = set_of(:list) and revision > :revision`, {
        list,
        revision: full.revision,
      }),
    ).toHaveLength(10);
    await expectHonest(list);
    await query(database, `delete from dossiers where uuid = any(:some::uuid[])`, { some: uuids.slice(10, 40) });
    expect(await standingOf(database, list)).toMatchObject({ count: 70 });
    expect(
      await query(database, `select from tombstones where set_id = set_of(:list) and revision > :revision`, {
        list,
        revision: changed.revision,
      }),
    ).toHaveLength(30);
    await expectHonest(list);
    await query(database, `insert into dossiers (set_id, uuid, name) values (set_of(:list), :uuid, 'Back')`, { list, uuid: uuids[10] });
    expect(
      await query(database, `select from tombstones where set_id = set_of(:list) and uuid = :uuid`, { list, uuid: uuids[10] }),
    ).toEqual([]);
    await expectHonest(list);
    await query(database, `delete from dossiers where set_id = set_of(:list)`, { list });
    expect((await standingOf(database, list)).digest).toBe(empty.digest);
  });

  it('that changes nothing draws nothing', async () => {
    const list = await makeList();
    await makeDossiers(list, 3);
    const before = await standingOf(database, list);
    await query(database, `update dossiers set name = name where set_id = set_of(:list)`, { list });
    await query(database, `update dossiers set name = 'x' where set_id = set_of(:list) and false`, { list });
    expect(await standingOf(database, list)).toEqual(before);
  });

  it('writes many rows of several lists in one statement, and exchanges external ids', async () => {
    const [one, two] = [await makeList(), await makeList()];
    await makeDossiers(one, 3000);
    const shared = await makeDossiers(two, 50);
    await query(
      database,
      `insert into dossiers (set_id, uuid, name) select set_of(:one), uuid, name from dossiers where set_id = set_of(:two)`,
      { one, two },
    );
    const ids = await query(
      database,
      `select uuid from dossiers where uuid = any(:shared::uuid[]) group by uuid having count(distinct id) > 1`,
      { shared },
    );
    expect(ids).toEqual([]);
    await query(database, `update dossiers set external_id = 'e' || id where uuid = any(:shared::uuid[])`, { shared });
    await query(database, `update dossiers set name = name || '!' where set_id in (set_of(:one), set_of(:two))`, { one, two });
    for (const list of [one, two]) await expectHonest(list);
    await transaction(database, async (tx) => {
      await query(tx, `set constraints dossiers_external_id_unique deferred`);
      const [a, b] = shared;
      await query(
        tx,
        `update dossiers d set external_id = o.external_id from dossiers o where d.set_id = o.set_id
           and (d.uuid, o.uuid) in ((:a::uuid, :b::uuid), (:b::uuid, :a::uuid))`,
        { a, b },
      );
    });
    for (const list of [one, two]) await expectHonest(list);
  });

  it('rolled back to a savepoint leaves nothing', async () => {
    const list = await makeList();
    await makeDossiers(list, 5);
    await transaction(database, async (tx) => {
      await query(tx, `savepoint before`);
      await query(tx, `delete from dossiers where set_id = set_of(:list)`, { list });
      await query(tx, `rollback to savepoint before`);
      await query(tx, `update dossiers set comment = 'after' where set_id = set_of(:list)`, { list });
    });
    expect(await standingOf(database, list)).toMatchObject({ count: 5 });
    await expectHonest(list);
  });

  it('does not touch rows that no list shows', async () => {
    const list = await makeList();
    const [uuid] = await makeDossiers(list, 1);
    await transaction(database, async (tx) => {
      await query(tx, `select set_config('dossier.writer', 'on', true)`);
      await query(tx, `insert into dossiers (set_id, uuid, name) values (987654, :uuid, 'Kept for an undo')`, { uuid });
    });
    await query(database, `update dossiers set name = 'By hand' where uuid = :uuid`, { uuid });
    await query(database, `delete from dossiers where uuid = :uuid`, { uuid });
    expect(await query(database, `select name from dossiers where uuid = :uuid`, { uuid })).toEqual([{ name: 'Kept for an undo' }]);
  });

  it.each([
    ['a set that is no list’s', `insert into dossiers (set_id, name) values (123456789, 'x')`, /not the one of a watch list/],
    ['a set that is not named', `insert into dossiers (name) values ('x')`, /not the one of a watch list/],
    ['another set', `update dossiers set set_id = 1`, /never changed/],
    ['another uuid', `update dossiers set uuid = gen_random_uuid()`, /never changed/],
    ['truncation', `truncate dossiers`, /not truncated/],
    ['an empty name', `update dossiers set name = ''`, /dossiers_name/],
  ])('is refused for %s', async (_what, sql, message) => {
    const list = await makeList();
    await makeDossiers(list, 1);
    const before = await standingOf(database, list);
    await expect(query(database, sql)).rejects.toThrow(message);
    expect(await standingOf(database, list)).toEqual(before);
  });

  it('is refused in a transaction with one snapshot', async () => {
    const list = await makeList();
    await expect(
      database.transaction((tx) => query(tx, `insert into dossiers (set_id, name) values (set_of(:list), 'x')`, { list }), {
        isolationLevel: 'repeatable read',
      }),
    ).rejects.toThrow(/READ COMMITTED/);
  });
});

describe('writers at once', () => {
  it('commit in the order of their revisions, and the digest is that of the newest rows', async () => {
    const list = await makeList();
    const uuids = await makeDossiers(list, 40);
    let stopped = false;
    let reads = 0;
    const reading = (async () => {
      let head = 0;
      let known = new Set<number>();
      while (!stopped) {
        const seen = await queryOne<{ head: number; revisions: number[] }>(
          database,
          `select p.revision as head, (select json_agg(d.revision) from dossiers d where d.set_id = p.set_id and d.revision <= p.revision) as revisions
           from list_positions p where p.list_id = :list`,
          { list },
        );
        // A revision below a head that was read before, and that was not there then, would be missed by who follows the list.
        const late = (seen?.revisions ?? []).filter((revision) => revision <= head && !known.has(revision));
        expect(late).toEqual([]);
        head = seen?.head ?? 0;
        known = new Set(seen?.revisions);
        reads += 1;
        await settleDigest(database, list);
      }
    })();
    await Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        for (let turn = 0; turn < 25; turn += 1) {
          await transaction(database, async (tx) => {
            await query(tx, `update dossiers set comment = :comment where uuid = :uuid`, {
              comment: `${writer} ${turn}`,
              uuid: uuids[(writer * 10 + turn) % 40],
            });
            await query(tx, `select pg_sleep(0.002)`);
          });
        }
      }),
    );
    stopped = true;
    await reading;
    expect(reads).toBeGreaterThan(10);
    await expectHonest(list);
  });

  it('wait for the one that has drawn, so that a reader of its head misses nothing', async () => {
    const list = await makeList();
    const [early, late] = await makeDossiers(list, 2);
    const waiting: Promise<unknown>[] = [];
    await transaction(database, async (tx) => {
      await query(tx, `update dossiers set comment = 'first' where uuid = :early`, { early });
      waiting.push(query(database, `update dossiers set comment = 'second' where uuid = :late`, { late }));
      await expect
        .poll(() =>
          query(
            database,
            `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%second%' or query like '%:late%' and wait_event_type = 'Lock'`,
          ),
        )
        .not.toEqual([]);
    });
    await Promise.all(waiting);
    const rows = await query<{ comment: string }>(database, `select comment from dossiers where set_id = set_of(:list) order by revision`, {
      list,
    });
    expect(rows.map(({ comment }) => comment)).toEqual(['first', 'second']);
  });

  it('are refused a head that is not above the one before', async () => {
    const list = await makeList();
    await makeDossiers(list, 1);
    const { revision } = await standingOf(database, list);
    await expect(query(database, `select book(:list, 0, 0, :revision)`, { list, revision })).rejects.toThrow(/stands at or above/);
  });

  it('leave a digest that is not known yet to who settles it, which waits for them', async () => {
    const list = await makeList();
    await makeDossiers(list, 10);
    let settled: Promise<string | null> = Promise.resolve(null);
    await transaction(database, async (tx) => {
      const [position] = await lockLists(tx, [list]);
      await query(
        tx,
        `insert into dossiers (set_id, name, hash) select ${position?.set_id ?? 0}, 'Many ' || n,
           dossier_hash(true, null, 'Many ' || n, '', null, null, '{}', '[]', null) from generate_series(1, 2000) n`,
      );
      await book(tx, { listId: list, growth: 2000, changes: 2000 });
      expect(await standingOf(tx, list)).toMatchObject({ count: 2010, digest: null });
      settled = settleDigest(database, list);
    });
    await settled;
    await expectHonest(list);
  });
});
