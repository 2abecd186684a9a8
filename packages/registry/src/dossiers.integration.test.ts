import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import type { Cursor } from '@dossier/postgres/keyset.ts';
import { dossierOrderings } from './dossier-pages.ts';
import type { DossierFilter, DossierOrdering } from './dossier-pages.ts';
import { listDossiers, readDossier } from './dossiers.ts';
import { exportDossiers } from './export.ts';
import { emptyList, lockLists } from './positions.ts';
import type { DossierListing } from './dossiers.ts';

const others = 3000;
const members = 60;
const limit = 20;

let test: TestDatabase;
let short = 0;
let long = 0;

async function makeList(name: string): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values (:name) returning id`, { name });
  return list?.id ?? 0;
}

/** Dossiers of one list that were made one after another. */
async function fillList(name: string, count: number): Promise<number> {
  const list = await makeList(name);
  await query(
    test.database,
    `insert into dossiers (set_id, name, external_id, created_date, modified_date)
     select set_of(:list), md5(n::text), n, now() + n * interval '1 s', now() + n * interval '1 s' from generate_series(1, :count) n`,
    { list, count },
  );
  return list;
}

beforeAll(async () => {
  test = await createTestDatabase();
  long = await fillList('before', others);
  short = await fillList('short', members);
  await fillList('after', others);
  await query(test.database, `analyze`);
});
afterAll(async () => {
  await test.drop();
});

const listing = (ordering: DossierOrdering, descending: boolean, filter: DossierFilter = {}): DossierListing => ({
  filter: { lists: [short], ...filter },
  ordering,
  descending,
  limit,
  cursor: null,
});
const columnOf = (ordering: DossierOrdering): string => (ordering === 'name' ? 'name collate "und-x-icu"' : ordering);

/** What a listing is to hold, asked for as nobody should: each copy to which no lower of the lists has an equal one, in the whole order. */
async function expectedOf(lists: readonly number[], { ordering, descending }: DossierListing): Promise<string[]> {
  const direction = descending ? 'desc' : 'asc';
  const rows = await query<{ line: string }>(
    test.database,
    `with d as (select p.list_id, d.* from list_positions p join dossiers d using (set_id) where p.list_id = any(:lists::bigint[]))
     select id || ' ' || name as line from d
     where not exists (select from d lower where lower.uuid = d.uuid and lower.hash = d.hash and lower.list_id < d.list_id)
     order by ${columnOf(ordering)} ${direction}, id ${direction}, list_id`,
    { lists },
  );
  return rows.map((row) => row.line);
}

/** Rows of dossiers that this connection's PostgreSQL has read so far, and how often it has looked into an index of theirs. */
async function countReads(connection: Connection): Promise<{ rows: number; looks: number }> {
  const [row] = await query<{ rows: number; looks: number }>(
    connection,
    `select seq_tup_read + coalesce(idx_tup_fetch, 0) as rows, idx_scan as looks from pg_stat_xact_user_tables where relname = 'dossiers'`,
  );
  return row ?? { rows: Number.NaN, looks: Number.NaN };
}

async function countRead(connection: Connection): Promise<number> {
  return (await countReads(connection)).rows;
}

interface ReadPages {
  /** Of all pages, forwards. */
  lines: string[];
  /** Of the pages before the last one, on the way back. */
  linesBack: string[];
  /** The most rows of dossiers that were read for one page. */
  mostRead: number;
}

async function readPages(asked: DossierListing): Promise<ReadPages> {
  const pages: ReadPages = { lines: [], linesBack: [], mostRead: 0 };
  const read = (cursor: Cursor | null) =>
    transaction(test.database, async (tx) => {
      const before = await countRead(tx);
      const page = await listDossiers(tx, { ...asked, cursor });
      pages.mostRead = Math.max(pages.mostRead, (await countRead(tx)) - before);
      return { ...page, lines: page.rows.map((row) => `${row.id} ${row.name}`) };
    });
  let page = await read(null);
  for (; page.next; page = await read(page.next)) pages.lines.push(...page.lines);
  pages.lines.push(...page.lines);
  while (page.previous) {
    page = await read(page.previous);
    pages.linesBack.unshift(...page.lines);
  }
  return pages;
}

/** Found, looked up, and looked for in the lists of the node, each a little beyond the page, and one to see that it is the end. */
const mostFor = (lists: number): number => (lists + 2) * (limit + 2) + lists;
const everyOrder = dossierOrderings.flatMap((ordering) => [false, true].map((descending) => [ordering, descending] as const));

describe('pages of a list between long ones', () => {
  it.each(everyOrder)('by %s (descending: %s) hold all of it and cost as much as is on them', async (ordering, descending) => {
    const asked = listing(ordering, descending);
    const { lines, linesBack, mostRead } = await readPages(asked);
    expect(lines).toEqual(await expectedOf([short], asked));
    expect(lines).toHaveLength(members);
    expect(linesBack).toEqual(lines.slice(0, Math.floor((lines.length - 1) / limit) * limit));
    expect(mostRead).toBeLessThanOrEqual(mostFor(1));
  });

  it.each(everyOrder)('by %s (descending: %s) cost no more where the list is long, or several are', async (ordering, descending) => {
    for (const lists of [[long], [long, short], undefined]) {
      const asked = listing(ordering, descending, { lists });
      const mostRead = await transaction(test.database, async (tx) => {
        const first = await listDossiers(tx, asked);
        const before = await countRead(tx);
        await listDossiers(tx, { ...asked, cursor: first.next });
        return (await countRead(tx)) - before;
      });
      expect(mostRead).toBeLessThanOrEqual(mostFor(lists?.length ?? 3));
    }
  });

  it('cost no more for the lists that the node has besides', async () => {
    await query(test.database, `insert into watch_lists (name) select 'besides ' || n from generate_series(1, 300) n`);
    const looks = await transaction(test.database, async (tx) => {
      const before = await countReads(tx);
      const { rows } = await listDossiers(tx, listing('id', false));
      await readDossier(tx, rows[0]?.id ?? 0);
      return (await countReads(tx)).looks - before.looks;
    });
    expect(looks).toBeLessThanOrEqual(2 * (limit + 2) + 3);
  });

  it('look an external id up by its key, in each list', async () => {
    const { lines, mostRead } = await readPages(listing('id', false, { externalId: '7' }));
    expect(lines).toHaveLength(1);
    expect(mostRead).toBeLessThanOrEqual(3);
    expect((await readPages(listing('name', true, { externalId: '7', lists: undefined }))).lines).toHaveLength(3);
  });

  it('hold what passes other filters', async () => {
    const asked = listing('id', true, { nameContains: 'A1', active: true });
    const { lines } = await readPages(asked);
    expect(lines).toEqual((await expectedOf([short], asked)).filter((line) => line.includes('a1')));
    expect(lines.length).toBeGreaterThan(0);
  });

  it('are whole where most of the node is asked for', async () => {
    const asked = { ...listing('name', false, { lists: undefined }), limit: 1000 };
    const lists = await query<{ id: number }>(test.database, `select id from watch_lists`);
    const { lines } = await readPages(asked);
    const expected = await expectedOf(
      lists.map((row) => row.id),
      asked,
    );
    expect(lines).toEqual(expected);
  });

  it('of nothing are empty', async () => {
    expect((await readPages(listing('id', false, { lists: [] }))).lines).toEqual([]);
    expect((await readPages(listing('id', false, { lists: [999_999] }))).lines).toEqual([]);
  });
});

describe('dossiers that several lists hold', () => {
  let lists: number[];
  beforeAll(async () => {
    lists = [await makeList('a'), await makeList('b'), await makeList('c'), await makeList('d')];
    // In one to four lists; equal and different copies, with equal and different dates.
    for (const [index, list] of lists.entries()) {
      await query(
        test.database,
        `insert into dossiers (set_id, uuid, name, created_date, modified_date)
         select set_of(:list), uuid_in(md5('shared ' || n)::cstring), case n % 4 when 0 then 'same ' || n when 1 then 'other ' || (n + :index) % 7 else 'three' end,
           '2026-01-01'::timestamptz + n / 5 * interval '1 day', '2026-01-01'::timestamptz + (case n % 3 when 0 then n else (n * 7 + :index * 5) % 11 end) * interval '1 day'
         from generate_series(1, 40) n where (n * 13 + :index * 5) % 7 < 4 or n % 10 = 0`,
        { list, index },
      );
    }
  });

  it.each(everyOrder)(
    'are shown by %s (descending: %s) once where the copies are equal, and each where they differ',
    async (ordering, descending) => {
      for (const some of [lists, lists.slice(1, 3), lists.slice(0, 1)]) {
        for (const size of [1, 2, 7, 100]) {
          const asked = { ...listing(ordering, descending, { lists: some }), limit: size };
          const { lines, linesBack } = await readPages(asked);
          const expected = await expectedOf(some, asked);
          expect(lines).toEqual(expected);
          expect(linesBack).toEqual(expected.slice(0, Math.floor((expected.length - 1) / size) * size));
        }
      }
    },
  );

  it('come with all lists that hold them, whichever were asked for', async () => {
    const { rows } = await listDossiers(test.database, { ...listing('id', false, { lists: lists.slice(2) }), limit: 100 });
    const held = await query<{ id: number; lists: number[] }>(
      test.database,
      `select d.id, json_agg(p.list_id order by p.list_id) as lists from list_positions p join dossiers d using (set_id) group by d.id`,
    );
    const listsOf = new Map(held.map((row) => [row.id, row.lists]));
    for (const row of rows) expect(row.lists).toEqual(listsOf.get(row.id));
    expect(Math.max(...rows.map((row) => row.lists.length))).toBe(4);
  });
});

it('an export of a list that is emptied meanwhile fails, and does not end as if it were whole', async () => {
  const list = await fillList('short-lived', 3);
  const chunks = exportDossiers(test.database, list, 2);
  expect((await chunks.next()).value).toHaveLength(2);
  await transaction(test.database, async (tx) => {
    await lockLists(tx, [list]);
    await emptyList(tx, list);
  });
  await expect(chunks.next()).rejects.toMatchObject({ code: 'CONFLICT' });
});
