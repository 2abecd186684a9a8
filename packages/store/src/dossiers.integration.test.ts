import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query, transaction } from './database.ts';
import type { Connection } from './database.ts';
import { listDossiers } from './dossiers.ts';
import type { DossierFilter, DossierListing, DossierOrdering } from './dossiers.ts';
import type { Cursor } from './keyset.ts';

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
    `with made as (
       insert into dossiers (name, external_id, created_date, modified_date)
       select md5(n::text), :name || n, now() + n * interval '1 s', now() + n * interval '1 s'
       from generate_series((select count(*) from dossiers) + 1, (select count(*) from dossiers) + :count) n returning uuid)
     insert into memberships (list_id, dossier) select :id, uuid from made`,
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

const listing = (ordering: DossierOrdering, descending: boolean, filter: DossierFilter = {}): DossierListing => ({
  filter: { lists: [short], ...filter },
  ordering,
  descending,
  limit,
  cursor: null,
});

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
    ['created_date', false],
    ['created_date', true],
    ['modified_date', false],
    ['modified_date', true],
  ] as const)('by %s (descending: %s) hold all of it and cost as much as the list is long', async (ordering, descending) => {
    const { names, namesBack, mostRead } = await readPages(listing(ordering, descending));
    const direction = descending ? 'desc' : 'asc';
    const expected = await query<{ name: string }>(
      test.database,
      `select name from dossiers d join memberships m on m.dossier = d.uuid where m.list_id = :short
       order by ${ordering} ${direction}`,
      { short },
    );
    expect(names).toEqual(expected.map((row) => row.name));
    expect(namesBack).toEqual(names.slice(0, -limit));
    expect(mostRead).toBeLessThanOrEqual(2 * members);
  });

  it('look an external id up by its key', async () => {
    const { names, mostRead } = await readPages(listing('id', false, { externalId: `short${others + 7}` }));
    expect(names).toHaveLength(1);
    expect(mostRead).toBe(1);
  });
});
