import { dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { query } from '@dossier/postgres/database.ts';
import { updateSearchIndex } from '@dossier/registry/search/search-index.ts';
import { startTestApi } from '@dossier/test/kit/api.ts';
import type { TestApi } from '@dossier/test/kit/api.ts';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

let api: TestApi;
let list = 0;

beforeAll(async () => {
  api = await startTestApi();
  list = (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'searched' }])).id;
  for (const name of ['Алексей Петров', 'Alexey Ivanov', 'Thomas Müller', 'Aleksej Novak']) {
    await api.want(201, dossierSchema, [
      'POST',
      '/dossiers/',
      { name, dossier_lists: [list], comment: name === 'Thomas Müller' ? 'aleksei knows him' : '' },
    ]);
  }
  await updateSearchIndex(api.test.database);
});
afterAll(() => api.stop());

const search = (parameters: string) => api.want(200, dossierPageSchema, ['GET', `/dossiers/?${parameters}`]);

it('finds across scripts, ranked, with a total and what matched', async () => {
  const found = await search('q=aleksei');
  expect(found.search).toEqual({ total: 4, total_is_more: false, not_indexed: [], typing_errors: true });
  expect(found.results.at(-1)).toMatchObject({ name: 'Thomas Müller', matches: [{ field: 'comment', text: 'aleksei', how: 'exact' }] });
  expect(
    found.results
      .map(({ name }) => name)
      .slice(0, 3)
      .toSorted(),
  ).toEqual(['Aleksej Novak', 'Alexey Ivanov', 'Алексей Петров']);
});

it('pages through what was found, forth and back', async () => {
  const all = (await search('q=aleksei')).results.map(({ id }) => id);
  const first = await search('q=aleksei&limit=3');
  const second = await search(`q=aleksei&limit=3&page=${first.next_page}`);
  expect([...first.results, ...second.results].map(({ id }) => id)).toEqual(all);
  expect([first.prev_page, second.next_page]).toEqual([null, null]);
  expect((await search(`q=aleksei&limit=3&page=${second.prev_page}`)).results).toEqual(first.results);
});

it('takes the other filters, and refuses an order and cursors of other listings', async () => {
  expect((await search(`q=aleksei&name_contains=novak&dossier_lists=${list}`)).results.map(({ name }) => name)).toEqual(['Aleksej Novak']);
  expect((await search(`q=aleksei&dossier_lists=${list + 999}`)).search?.total).toBe(0);
  await api.refused('BAD_PARAM', ['GET', '/dossiers/?q=aleksei&ordering=name'], 'ordering');
  await api.refused('BAD_PARAM', ['GET', `/dossiers/?q=${'x'.repeat(257)}`], 'q');
  const plain = await api.want(200, pageOf(dossierSchema), ['GET', '/dossiers/?limit=1']);
  await api.refused('BAD_PARAM', ['GET', `/dossiers/?q=aleksei&page=${plain.next_page}`], 'page');
  const found = await search('q=aleksei&limit=1');
  await api.refused('BAD_PARAM', ['GET', `/dossiers/?page=${found.next_page}`], 'page');
});

it('shows all where nothing is searched for, and nobody for signs without letters', async () => {
  expect((await search('q=')).results).toHaveLength(4);
  expect((await search(`q=${encodeURIComponent('…!')}`)).results).toEqual([]);
});

it('leaves connections to others while searches wait, and ends those that nobody waits for', async () => {
  const running = async (): Promise<number> => {
    const rows = await query(
      api.test.database,
      `select from pg_stat_activity where datname = current_database() and state = 'active' and query like '%search_rows%' and pid <> pg_backend_pid()`,
    );
    return rows.length;
  };
  const asker = new AbortController();
  const asking = await api.test.database.transaction(async (tx) => {
    await tx.raw('lock table search_rows in access exclusive mode');
    const asked = Array.from({ length: 30 }, () =>
      fetch(`${api.url}/dossiers/?q=aleksei`, { headers: { authorization: `Token ${api.tokens.viewer}` }, signal: asker.signal }).then(
        () => 'answered',
        () => 'gone',
      ),
    );
    await vi.waitFor(async () => expect(await running()).toBe(3), { timeout: 10_000 });
    expect((await api.call('GET', '/dossiers/?limit=1')).status).toBe(200);
    asker.abort();
    await vi.waitFor(async () => expect(await running()).toBe(0), { timeout: 10_000 });
    return asked;
  });
  expect(new Set(await Promise.all(asking))).toEqual(new Set(['gone']));
  expect((await search('q=aleksei')).search?.total).toBe(4);
});
