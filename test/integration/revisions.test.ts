import { createHash } from 'node:crypto';
import { photosText } from '@dossier/domain/photo.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { readPage } from '@dossier/feed/feed.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

let test: TestDatabase;
let database: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  database = test.database;
});
afterAll(async () => {
  await test.drop();
});

async function makeList(name: string): Promise<number> {
  const [list] = await query<{ id: number }>(database, `insert into watch_lists (name) values (:name) returning id`, { name });
  return list?.id ?? 0;
}

async function makeDossiers(connection: Connection, lists: number[], names: string[]): Promise<string[]> {
  const rows = await query<{ uuid: string }>(connection, `insert into dossiers (name) select unnest(:names::text[]) returning uuid`, {
    names,
  });
  const dossiers = rows.map((row) => row.uuid);
  await query(
    connection,
    `insert into memberships (list_id, dossier) select l, d from unnest(:lists::bigint[]) l, unnest(:dossiers::uuid[]) d`,
    { lists, dossiers },
  );
  return dossiers;
}

/** The list's count and digest as kept by the triggers and as its rows say. */
async function digests(listId: number): Promise<{ kept: string; counted: string; recomputed: string }> {
  const [row] = await query<{ kept: string; counted: string; recomputed: string }>(
    database,
    `select p.dossier_count || ' ' || hash_text(p.digest_high, p.digest_low) as kept,
       (select count(*) || ' ' || hash_text(coalesce(bit_xor(hash_high), 0), coalesce(bit_xor(hash_low), 0)) from memberships where list_id = p.list_id) as counted,
       (select count(*) || ' ' || hash_text(coalesce(bit_xor(hash_high(computed_hash(d))), 0), coalesce(bit_xor(hash_low(computed_hash(d))), 0))
        from memberships m join dossiers d on d.uuid = m.dossier where m.list_id = p.list_id) as recomputed
     from list_positions p where list_id = :listId`,
    { listId },
  );
  if (!row) throw new Error(`no list ${listId}`);
  return row;
}

async function expectConsistent(...lists: number[]): Promise<void> {
  for (const list of lists) {
    const { kept, counted, recomputed } = await digests(list);
    expect(counted).toBe(kept);
    expect(recomputed).toBe(kept);
  }
}

async function feedOf(listId: number, since = 0): Promise<{ kind: string; revision: number; dossier: string; name?: string }[]> {
  const page = await readPage(database, { listId, since });
  return (page?.body ?? '')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { kind: string; revision: number; dossier: string; name?: string });
}

function people(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `Person ${index}`);
}

const addPhotos = `insert into photos (dossier, sha256, width, height, bytes, media_type) select d, sha256(d::text::bytea), 1, 1, 1, 'image/png'`;

/** Rows that a transaction reads by a piece of work, by an index or one after another. */
async function countRead(tx: Connection, work: () => Promise<unknown>): Promise<number> {
  const soFar = async (): Promise<number> => {
    const [row] = await query<{ read: number }>(
      tx,
      `select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read from pg_stat_xact_user_tables
       where relname in ('dossiers', 'photos', 'memberships', 'tombstones')`,
    );
    return row?.read ?? Number.NaN;
  };
  const before = await soFar();
  await work();
  return (await soFar()) - before;
}

describe('the path of a revision', () => {
  it('gives every change of a list a later revision, also a change by hand', async () => {
    const list = await makeList('by hand');
    const [first, second] = await makeDossiers(database, [list], ['Ada', 'Bob']);
    await query(database, `update dossiers set comment = 'seen' where uuid = :first`, { first });
    await query(database, `delete from dossiers where uuid = :second`, { second });
    const feed = await feedOf(list, 1);
    expect(feed.map((change) => [change.kind, change.dossier])).toEqual([
      ['put', first],
      ['tombstone', second],
    ]);
    expect(feed.map((change) => change.revision).toSorted((a, b) => a - b)).toEqual(feed.map((change) => change.revision));
    await expectConsistent(list);
  });

  it('draws nothing for a change that changes nothing', async () => {
    const list = await makeList('no change');
    await makeDossiers(database, [list], ['Ada']);
    const before = await digests(list);
    const [position] = await query<{ revision: number }>(database, `select revision from list_positions where list_id = :list`, { list });
    await query(database, `update dossiers set name = name where set_id = set_of(:list)`, {
      list,
    });
    expect(await digests(list)).toEqual(before);
    expect(await query(database, `select revision from list_positions where list_id = :list`, { list })).toEqual([position]);
  });

  it('follows photos: the hash in SQL is the one of the domain', async () => {
    const list = await makeList('photos');
    const [dossier] = await makeDossiers(database, [list], ['Ада “O’Neill”']);
    const photos = ['b', 'a'].map((letter) => ({
      sha256: createHash('sha256').update(letter).digest('hex'),
      width: 3,
      height: 4,
      bytes: 5,
      mediaType: 'image/png',
      features: letter === 'a' ? String.raw`\x41 'š' \ \\` : null,
    }));
    for (const photo of photos) {
      await query(
        database,
        `insert into photos (dossier, sha256, width, height, bytes, media_type, features) values (:dossier, decode(:sha256, 'hex'), 3, 4, 5, 'image/png', :features)`,
        { dossier, ...photo },
      );
    }
    const [row] = await query<{ photo_count: number; hash: string }>(
      database,
      `select photo_count, encode(photos_hash, 'hex') as hash from dossiers where uuid = :dossier`,
      { dossier },
    );
    expect(row).toEqual({ photo_count: 2, hash: createHash('sha256').update(photosText(photos)).digest('hex') });
    await query(database, `delete from photos where dossier = :dossier`, { dossier });
    const [without] = await query(database, `select photo_count, encode(photos_hash, 'hex') as hash from dossiers where uuid = :dossier`, {
      dossier,
    });
    expect(without).toEqual({ photo_count: 0, hash: '' });
    expect(await query(database, `select count(*) as count from photo_garbage`)).toEqual([{ count: 2 }]);
    await expectConsistent(list);
  });

  describe('reads what it changes', () => {
    const change = `update dossiers set comment = comment || 'seen' where uuid = any(:some::uuid[])`;
    const changePhotos = `update photos set width = width + 1 where dossier = any(:some::uuid[])`;
    const changes: readonly [what: string, sql: string][] = [
      ['changed', change],
      ['photos changed', changePhotos],
      ['photos gone', `delete from photos where dossier = any(:some::uuid[])`],
      ['photos added', `${addPhotos} from unnest(:some::uuid[]) d`],
      ['put into another list', `insert into memberships (list_id, dossier) select :other, unnest(:some::uuid[])`],
      ['taken from the list', `delete from dossiers where set_id = set_of(:list) and dossier = any(:some::uuid[])`],
      ['put into the list', `insert into memberships (list_id, dossier) select :list, unnest(:some::uuid[])`],
      ['taken from both lists', `delete from memberships where dossier = any(:some::uuid[])`],
    ];

    it.each([
      ['also after a change of thousands by the same connection', 'on'],
      ['also where the caller forbids nested loops', 'off'],
    ])('few rows by their keys, %s', async (_, nestedLoops) => {
      const [list, other] = [await makeList('many, then few'), await makeList('other')];
      const dossiers = await makeDossiers(database, [list], people(4000));
      await query(database, `${addPhotos} from unnest(:some::uuid[]) d`, { some: dossiers });
      await query(database, `analyze dossiers, photos, memberships, tombstones`);
      const read: Record<string, number> = {};
      await transaction(database, async (tx) => {
        for (const [what, sql] of changes) {
          await query(tx, sql, { some: dossiers.slice(2), list, other });
          await query(tx, `set local enable_nestloop = ${nestedLoops}`);
          read[what] = await countRead(tx, () => query(tx, sql, { some: dossiers.slice(0, 2), list, other }));
          await query(tx, `set local enable_nestloop = on`);
        }
      });
      expect(Object.entries(read).filter(([, rows]) => !(rows < 200))).toEqual([]);
      await expectConsistent(list, other);
    });

    it('no more of a list that the planner has not heard of', async () => {
      await makeDossiers(database, [await makeList('known')], people(4000));
      await query(database, `analyze dossiers, photos, memberships`);
      const list = await makeList('new');
      const dossiers = await makeDossiers(database, [list], people(2000));
      const read = await transaction(database, async (tx) => countRead(tx, () => query(tx, change, { some: dossiers.slice(0, 2) })));
      expect(read).toBeLessThan(200);
      await query(database, `delete from dossiers where set_id = set_of(:list) and dossier <> :first`, { list, first: dossiers[0] });
      await query(database, `analyze memberships`);
      const added = await transaction(database, async (tx) => countRead(tx, () => makeDossiers(tx, [list], people(2000))));
      expect(added).toBeLessThan(20 * 2000);
      await expectConsistent(list);
    });

    it('no more than the share of a list that changes', async () => {
      const list = await makeList('a share');
      const dossiers = await makeDossiers(database, [list], people(20_000));
      await query(database, `analyze dossiers, memberships`);
      const read = await transaction(database, async (tx) => countRead(tx, () => query(tx, change, { some: dossiers.slice(0, 300) })));
      expect(read).toBeLessThan(20 * 300);
      await expectConsistent(list);
    });
  });

  it('deletes a dossier that leaves its last list, and no other', async () => {
    const [one, two] = [await makeList('one'), await makeList('two')];
    const [shared] = await makeDossiers(database, [one, two], ['Shared']);
    await query(database, `delete from dossiers where set_id = set_of(:one)`, { one });
    expect(await query(database, `select name from dossiers where uuid = :shared`, { shared })).toHaveLength(1);
    await query(database, `delete from dossiers where set_id = set_of(:two)`, { two });
    expect(await query(database, `select name from dossiers where uuid = :shared`, { shared })).toHaveLength(0);
    await expectConsistent(one, two);
  });

  it.each([
    ['revisions of one own', `insert into memberships (list_id, dossier, revision) values (:list, :dossier, 999)`, /drawn, not set/],
    ['an update of memberships', `update memberships set revision = 1 where list_id = :list`, /never updated/],
    ['another identity', `update dossiers set uuid = gen_random_uuid() where uuid = :dossier`, /identity/],
    ['truncation', `truncate memberships`, /not possible/],
    ['a dossier that is not there', `insert into memberships (list_id, dossier) values (:list, gen_random_uuid())`, /not there/],
    ['a list that is not there', `insert into memberships (list_id, dossier) values (987654, :dossier)`, /no watch list/],
  ])('refuses %s', async (_name, sql, message) => {
    const list = await makeList('refusals');
    const other = await makeList('refusals');
    const [dossier] = await makeDossiers(database, [other], ['Ada']);
    const target = sql.includes('999') ? list : other;
    await expect(query(database, sql, { list: target, dossier })).rejects.toThrow(message);
    await expectConsistent(list, other);
  });

  it('leaves the planner as the transaction had it', async () => {
    const list = await makeList('planned');
    const settings = await transaction(database, async (trx) => {
      await query(trx, `set local enable_seqscan = off`);
      await makeDossiers(trx, [list], ['Ada', 'Bob']);
      return query(
        trx,
        `select name, setting from pg_settings where name in ('enable_seqscan', 'enable_hashjoin', 'enable_mergejoin') order by name`,
      );
    });
    expect(settings).toEqual([
      { name: 'enable_hashjoin', setting: 'on' },
      { name: 'enable_mergejoin', setting: 'on' },
      { name: 'enable_seqscan', setting: 'off' },
    ]);
    await expectConsistent(list);
  });

  it('refuses a transaction with one snapshot', async () => {
    const list = await makeList('snapshot');
    await expect(database.transaction((tx) => makeDossiers(tx, [list], ['Ada']), { isolationLevel: 'repeatable read' })).rejects.toThrow(
      /READ COMMITTED/,
    );
  });
});

describe('eight writers at once', () => {
  it('leave revisions in commit order: a reader that pages behind them misses nothing', async () => {
    const lists = [await makeList('storm 1'), await makeList('storm 2')];
    const dossiers = await makeDossiers(
      database,
      lists,
      Array.from({ length: 40 }, (_, index) => `Person ${index}`),
    );
    let writing = 8;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let turn = 0; turn < 25; turn += 1) {
        const dossier = dossiers[(writer * 7 + turn * 3) % dossiers.length];
        await transaction(database, async (tx) => {
          await query(tx, `update dossiers set comment = :comment where uuid = :dossier`, { comment: `${writer} ${turn}`, dossier });
          // Between drawing a revision and committing it, other writers get their chance to overtake.
          await query(tx, `select pg_sleep(:seconds)`, { seconds: ((writer * 13 + turn) % 5) / 1000 });
        });
      }
      writing -= 1;
    });
    const [list] = lists as [number, number];
    const replica = new Map<string, string>();
    let since = 0;
    const read = async (): Promise<void> => {
      const page = await readPage(database, { listId: list, since, rows: 7 });
      for (const line of (page?.body ?? '').split('\n').filter(Boolean)) {
        const put = JSON.parse(line) as { dossier: string; comment: string };
        replica.set(put.dossier, put.comment);
      }
      since = page?.next ?? since;
      if (page?.more) await read();
    };
    while (writing > 0) await read();
    await Promise.all(writers);
    await read();
    const rows = await query<{ uuid: string; comment: string }>(
      database,
      `select uuid, comment from dossiers where uuid = any(:dossiers::uuid[])`,
      {
        dossiers,
      },
    );
    expect(Object.fromEntries(replica)).toEqual(Object.fromEntries(rows.map((row) => [row.uuid, row.comment])));
    await expectConsistent(...lists);
  });
});
