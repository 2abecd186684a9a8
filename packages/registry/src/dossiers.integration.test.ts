import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query, transaction } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { listDossiers } from './dossiers.ts';
import type { DossierFilter, DossierOrdering } from './dossier-pages.ts';
import type { DossierListing } from './dossiers.ts';
import type { Cursor } from '@dossier/postgres/keyset.ts';

const others = 3000;
const members = 60;
const limit = 20;

let test: TestDatabase;
let short = 0;

/** Dossiers of one list that were made one after another. */
async function makeList(name: string, count: number): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values (:name) returning id`, { name });
  await query(
    test.database,
    `insert into dossiers (set_id, name, external_id, created_date, modified_date)
     select p.set_id, md5(n::text), :name || n, now() + n * interval '1 s', now() + n * interval '1 s'
     from list_positions p, generate_series((select count(*) from dossiers) + 1, (select count(*) from dossiers) + :count) n where p.list_id = :id`,
    { name, count, id: list?.id },
  );
  return list?.id ?? 0;
}

beforeAll(async () => {
  test = await createTestDatabase();
  await makeList('before', others);
  short = await makeList('short', members);
  await makeList('after', others);
  await query(test.database, `analyze`);
});
afterAll(async () => {
  await test.drop();
});

const listing = (ordering: DossierOrdering, descending: boolean, filter: Partial<DossierFilter> = {}): DossierListing => ({
  filter: { lists: [short], validNow: true, ...filter },
  ordering,
  descending,
  limit,
  cursor: null,
});

/** The names of the dossiers of some lists in an order, as anybody would ask for them. */
async function namesOf(lists: readonly number[], order: string): Promise<string[]> {
  const rows = await query<{ name: string }>(
    test.database,
    `select name from (
       select distinct on (uuid) * from dossiers where set_id in (select set_id from list_positions where list_id = any(:lists::bigint[]))
     ) d order by ${order}`,
    { lists },
  );
  return rows.map((row) => row.name);
}

/** Rows of dossiers that this connection's PostgreSQL has read so far. */
async function countRead(connection: Connection): Promise<number> {
  const [row] = await query<{ read: number }>(
    connection,
    `select seq_tup_read + coalesce(idx_tup_fetch, 0) as read from pg_stat_xact_user_tables where relname = 'dossiers'`,
  );
  return row?.read ?? Number.NaN;
}

interface ReadPages {
  /** Of all pages, forwards. */
  names: string[];
  /** Of the pages before the last one, on the way back. */
  namesBack: string[];
  /** The most rows of dossiers that were read for one page. */
  mostRead: number;
}

async function readPages(asked: DossierListing): Promise<ReadPages> {
  const pages: ReadPages = { names: [], namesBack: [], mostRead: 0 };
  const read = (cursor: Cursor | null) =>
    transaction(test.database, async (tx) => {
      const before = await countRead(tx);
      const page = await listDossiers(tx, { ...asked, cursor });
      pages.mostRead = Math.max(pages.mostRead, (await countRead(tx)) - before);
      return { ...page, names: page.rows.map((row) => row.name) };
    });
  let page = await read(null);
  for (; page.next; page = await read(page.next)) pages.names.push(...page.names);
  pages.names.push(...page.names);
  while (page.previous) {
    page = await read(page.previous);
    pages.namesBack.unshift(...page.names);
  }
  return pages;
}

describe('pages of a short list between long ones', () => {
  it.each([
    ['id', false],
    ['id', true],
    ['name', false],
    ['name', true],
    ['created_date', false],
    ['created_date', true],
    ['modified_date', false],
    ['modified_date', true],
  ] as const)('by %s (descending: %s) hold all of it and cost as much as the list is long', async (ordering, descending) => {
    const { names, namesBack, mostRead } = await readPages(listing(ordering, descending));
    const order = ordering === 'name' ? 'name collate "und-x-icu"' : ordering;
    expect(names).toEqual(await namesOf([short], `${order} ${descending ? 'desc' : 'asc'}`));
    expect(namesBack).toEqual(names.slice(0, Math.floor((names.length - 1) / limit) * limit));
    expect(mostRead).toBeLessThanOrEqual(2 * members);
  });

  it('look an external id up by its key', async () => {
    const { names, mostRead } = await readPages(listing('id', false, { externalId: `short${others + 7}` }));
    expect(names).toHaveLength(1);
    expect(mostRead).toBeLessThanOrEqual(3);
  });

  it('hold what passes other filters', async () => {
    const all = await namesOf([short], 'id');
    const { names, mostRead } = await readPages(listing('id', true, { nameContains: 'A1', active: true }));
    expect(names).toEqual(all.filter((name) => name.includes('a1')).toReversed());
    expect(names.length).toBeGreaterThan(0);
    expect(mostRead).toBeLessThanOrEqual(2 * members);
  });

  it('hold a dossier once that is in two of the lists', async () => {
    const [second] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values ('second') returning id`);
    const lists = [short, second?.id ?? 0];
    await query(
      test.database,
      `insert into dossiers (set_id, uuid, name, external_id, created_date, modified_date)
       select p.set_id, d.uuid, d.name, d.external_id, d.created_date, d.modified_date + d.id % 7 * interval '1 h' from dossiers d, list_positions p
       where p.list_id = :second and d.set_id <> p.set_id
         and (d.id % 100 = 0 or d.id % 2 = 0 and d.set_id = (select set_id from list_positions where list_id = :short))`,
      { second: second?.id, short },
    );
    for (const ordering of ['modified_date', 'name'] as const) {
      for (const descending of [false, true]) {
        const once = await readPages(listing(ordering, descending, { lists }));
        expect(once.names).toHaveLength((await namesOf(lists, 'id')).length);
        expect(once.namesBack).toEqual(once.names.slice(0, once.namesBack.length));
      }
    }
    const { names } = await readPages(listing('id', false, { lists }));
    expect(names).toEqual(await namesOf(lists, 'id'));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('pages of lists', () => {
  it('are whole where most of the node is asked for', async () => {
    const rows = await query<{ id: number }>(test.database, `select id from watch_lists`);
    const lists = rows.map((row) => row.id);
    const { names, mostRead } = await readPages({ ...listing('name', false, { lists }), limit: 1000 });
    expect(names).toEqual(await namesOf(lists, 'name collate "und-x-icu"'));
    expect(mostRead).toBeLessThanOrEqual(3 * lists.length * 1001);
  });

  it('of nothing are empty', async () => {
    expect((await readPages(listing('id', false, { lists: [] }))).names).toEqual([]);
    expect((await readPages(listing('id', false, { lists: [999_999] }))).names).toEqual([]);
  });
});
