import { query } from '@dossier/postgres/database.ts';
import { dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { updateSearchIndex } from '@dossier/registry/search/search-index.ts';
import { afterAll, expect, it } from 'vitest';
import { createCommandHost } from '../../../../test/kit/executable.ts';
import { startNodeApi } from '../../../../test/kit/node-api.ts';

const host = await createCommandHost();
const node = await startNodeApi();
afterAll(async () => {
  await node.stop();
  await host.remove();
});

const find = (...parameters: string[]) => host.dossier(['find', ...parameters, '--url', node.url, '--token', node.tokens.viewer]);

const list = await node.makeList('Wanted');
const other = await node.makeList('Others');
for (const [name, lists, more] of [
  ['Алексей Петров', [list], { comment: 'drives a red lorry' }],
  ['Muhammad Rashid', [list, other], { external_id: 'RU-77/12' }],
  ['Mohammed Rashid', [other], {}],
  ['Muhammad Gone', [list], { valid_until: '2020-01-01' }],
] as const) {
  await node.want(201, dossierSchema, ['POST', '/dossiers/', { name, dossier_lists: lists, ...more }]);
}
await updateSearchIndex(node.test.database);

it('finds people however they are spelled, in any order, and says by what', async () => {
  const { code, out, err } = await find('petrov', 'aleksey');
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/ID\s+NAME\s+EXTERNAL ID\s+LISTS\s+FOUND BY/);
  expect(out).toMatch(/Алексей Петров .*name: Петров, name: Алексей/);
  expect(out).toContain('1 dossier found, 1 shown.');
  expect((await find('red lory')).out).toContain('comment: red, comment: lorry');
  expect((await find('ru7712')).out).toContain('external id: RU-77/12');
  expect((await find('alrksei')).out).toContain('name: Алексей (similar)');
});

it('takes a list, those who are not valid today, and how many are shown', async () => {
  const names = async (...parameters: string[]): Promise<string[]> => {
    const { code, out } = await find('muhammad', '--json', ...parameters);
    expect(code).toBe(0);
    return dossierPageSchema.parse(JSON.parse(out)).results.map(({ name }) => name);
  };
  expect(await names()).toEqual(['Muhammad Rashid', 'Mohammed Rashid']);
  expect(await names('--list', String(list))).toEqual(['Muhammad Rashid']);
  expect(await names('--all')).toContain('Muhammad Gone');
  expect(await names('--limit', '1')).toEqual(['Muhammad Rashid']);
  expect((await find('muhammad', '--limit', '1')).out).toContain('2 dossiers found, 1 shown.');
});

it('says that nobody was found, which is no failure', async () => {
  expect(await find('zzgrubblfink')).toEqual({ code: 0, out: '0 dossiers found, 0 shown.\n', err: '' });
});

it.each([
  [['x', '--limit', '0'], `argument '0' is invalid. It must be a whole number from 1 to 1000`],
  [['x', '--limit', '1001'], `argument '1001' is invalid`],
  [['x', '--limit', 'many'], `argument 'many' is invalid`],
  [['x', '--list', 'none'], 'must be an id'],
  [[], "missing required argument 'text'"],
])('ends with 2 for wrong usage: %j', async (parameters, sentence) => {
  const { code, out, err } = await find(...parameters);
  expect(err).toContain(sentence);
  expect([code, out]).toEqual([2, '']);
});

it('ends with 1 for a token that the node refuses', async () => {
  const refused = await host.dossier(['find', 'x', '--url', node.url, '--token', 'none']);
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('refuses the token')]);
});

it('says of a database without pg_trgm that mistyped names are not found, and of a list that it is not through', async () => {
  await query(node.test.database, `drop extension pg_trgm cascade`);
  expect((await find('petrov')).out).toContain('Mistyped names are not found: "dossier doctor" says what the database lacks.');
  await query(node.test.database, `select provide_trigrams()`);
  await query(node.test.database, `update search_sets set revision = 0`);
  await query(
    node.test.database,
    `insert into dossiers (set_id, name) select set_of(:list), 'Person ' || n from generate_series(1, 500) n`,
    { list },
  );
  expect((await find('petrov')).out).toMatch(new RegExp(`Watch list ${list} is not through yet, \\d+ of \\d+`));
});
