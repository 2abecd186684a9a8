import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

test('a list is made, changed, read and deleted; what is equal changes nothing', async () => {
  const made = await api.want(201, watchListSchema, ['POST', '/dossier-lists', { name: 'Wanted', active: 'true' }]);
  expect(made).toMatchObject({ name: 'Wanted', comment: '', color: '', active: true, dossier_count: 0, replica: null });
  const path = `/dossier-lists/${made.id}/`;
  expect(await api.want(200, watchListSchema, ['PATCH', path, { name: 'Wanted' }])).toEqual(made);
  const changed = await api.want(200, watchListSchema, ['PATCH', path, { active: 'false', color: '#f00', comment: 'c' }]);
  expect(changed).toMatchObject({ name: 'Wanted', active: false, color: '#f00', comment: 'c' });
  expect(changed.modified_date > made.modified_date).toBe(true);
  expect(await api.want(200, watchListSchema, ['GET', path])).toEqual(changed);
  expect((await api.call('DELETE', path)).status).toBe(204);
  await api.refused('NOT_FOUND', ['GET', path]);
  await api.refused('NOT_FOUND', ['DELETE', path]);
  await api.refused('NOT_FOUND', ['POST', `${path}purge/`]);
});

test('a list that holds dossiers is not deleted; a purge with any body empties it', async () => {
  const list = await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Full' }]);
  const other = await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Other' }]);
  const only = await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Only here', dossier_lists: [list.id] }]);
  const both = await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'In both', dossier_lists: [list.id, other.id] }]);
  await api.refused('CONFLICT', ['DELETE', `/dossier-lists/${list.id}/`]);
  const purged = await api.call('POST', `/dossier-lists/${list.id}/purge/`, {
    body: '[]',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect(purged.status).toBe(204);
  await api.refused('NOT_FOUND', ['GET', `/dossiers/${only.id}/`]);
  expect((await api.want(200, dossierSchema, ['GET', `/dossiers/${both.id}/`])).dossier_lists).toEqual([other.id]);
  expect((await api.call('POST', `/dossier-lists/${list.id}/purge`)).status).toBe(204);
  expect((await api.call('DELETE', `/dossier-lists/${list.id}`)).status).toBe(204);
});

test('pages of lists lead to the end and back', async () => {
  for (let count = 0; count < 5; count += 1) await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: `L${count}` }]);
  const schema = pageOf(watchListSchema);
  const all = await api.want(200, schema, ['GET', '/dossier-lists/?limit=1000']);
  expect([all.next_page, all.prev_page]).toEqual([null, null]);
  const ids: number[] = [];
  let page: z.output<typeof schema> | null = null;
  do {
    const cursor: string = page?.next_page ?? '';
    page = await api.want(200, schema, ['GET', `/dossier-lists/?limit=2&page=${cursor}`]);
    ids.push(...page.results.map((list) => list.id));
  } while (page.next_page !== null);
  expect(ids).toEqual(all.results.map((list) => list.id));
  const back = await api.want(200, schema, ['GET', `/dossier-lists/?limit=2&page=${page.prev_page}`]);
  expect(back.results.map((list) => list.id)).toEqual(ids.slice(-2 - page.results.length, -page.results.length));
});

test('fields that do not fit are named', async () => {
  for (const [body, param] of [
    [{}, 'name'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(257) }, 'name'],
    [{ name: 'a\u0000b' }, 'name'],
    [{ name: 'x', active: 'yes' }, 'active'],
    [{ name: 'x', comment: 7 }, 'comment'],
    [{ name: 'x', color: 'x'.repeat(33) }, 'color'],
  ] as const) {
    await api.refused('BAD_PARAM', ['POST', '/dossier-lists/', body], param);
  }
  await api.refused('BAD_PARAM', ['POST', '/dossier-lists/', []]);
  for (const limit of ['0', '1001', '-1', 'x', '1.5', '']) {
    await api.refused('BAD_PARAM', ['GET', `/dossier-lists/?limit=${limit}`], 'limit');
  }
  for (const cursor of ['1', 'bm9uc2Vuc2U', '%00', 'x'.repeat(9000)]) {
    await api.refused('BAD_PARAM', ['GET', `/dossier-lists/?page=${cursor}`], 'page');
  }
});
