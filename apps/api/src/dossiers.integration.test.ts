import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import { expectHonest } from '../../../test/kit/honest.ts';
import type { TestApi } from '../../../test/kit/api.ts';

const dossierPage = pageOf(dossierSchema);
type Dossier = z.output<typeof dossierSchema>;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function makeList(name = 'List'): Promise<number> {
  return (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
}

async function make(fields: object): Promise<Dossier> {
  return api.want(201, dossierSchema, ['POST', '/dossiers/', fields]);
}

async function revision(list: number): Promise<number> {
  const row = await queryOne<{ revision: number }>(api.test.database, `select revision from list_positions where list_id = :list`, {
    list,
  });
  return row?.revision ?? -1;
}

async function names(path: string): Promise<string[]> {
  return (await api.want(200, dossierPage, ['GET', path])).results.map((dossier) => dossier.name);
}

test('a dossier comes back as it was given, meta to the last bit', async () => {
  const list = await makeList();
  const body = `{"name":"Иван Петров","active":"false","dossier_lists":[${list},${list}],"external_id":"e1","comment":"тест",
    "meta":{"__proto__":{"polluted":true},"constructor":1,"deep":{"a":[1,2.5,null,true,"\\ud83d\\ude00"]}}}`;
  const answer = await api.call('POST', '/dossiers/', { body });
  expect(answer.status).toBe(201);
  const made = dossierSchema.parse(answer.json);
  expect(made).toMatchObject({
    name: 'Иван Петров',
    active: false,
    dossier_lists: [list],
    external_id: 'e1',
    face_count: 0,
    has_faces: false,
  });
  expect(answer.headers.get('location')).toBe(`/dossiers/${made.id}/`);
  const read = await api.call('GET', `/dossiers/${made.id}`);
  const meta = (JSON.parse(read.text) as { meta: object }).meta;
  expect(Object.keys(meta).toSorted()).toEqual(['__proto__', 'constructor', 'deep']);
  expect(JSON.stringify(Object.getOwnPropertyDescriptor(meta, '__proto__')?.value)).toBe('{"polluted":true}');
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test('only real changes draw a revision and a modified date', async () => {
  const list = await makeList();
  const other = await makeList();
  const made = await make({ name: 'A', dossier_lists: [list], meta: { a: 1, b: [1, 2] } });
  const path = `/dossiers/${made.id}/`;
  const before = await revision(list);
  const same = await api.want(200, dossierSchema, [
    'PATCH',
    path,
    { name: 'A', meta: { b: [1, 2], a: 1 }, dossier_lists: [list], active: 'true' },
  ]);
  expect(same).toEqual(made);
  expect(await api.want(200, dossierSchema, ['PATCH', path, {}])).toEqual(made);
  expect(await revision(list)).toBe(before);

  const renamed = await api.want(200, dossierSchema, ['PATCH', path, { name: 'B' }]);
  expect(renamed.modified_date > made.modified_date).toBe(true);
  expect(await revision(list)).toBe(before + 1);

  const moved = await api.want(200, dossierSchema, ['PATCH', path, { dossier_lists: [other] }]);
  expect(moved).toMatchObject({ id: made.id, dossier_lists: [other], name: 'B' });
  expect(moved.modified_date > renamed.modified_date).toBe(true);
  expect((await api.want(200, watchListSchema, ['GET', `/dossier-lists/${list}/`])).dossier_count).toBe(0);
  expect((await api.call('DELETE', path)).status).toBe(204);
  await api.refused('NOT_FOUND', ['GET', path]);
  await api.refused('NOT_FOUND', ['DELETE', path]);
  await api.refused('NOT_FOUND', ['PATCH', path, { name: 'x' }]);
});

test('meta that SQL wrote beyond the precision of JavaScript survives a change of the name', async () => {
  const made = await make({ name: 'Precise', dossier_lists: [await makeList()] });
  await query(api.test.database, `update dossiers set meta = '{"n": 12345678901234567890.5}' where id = :id`, { id: made.id });
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${made.id}/`, { name: 'Still precise' }]);
  const row = await queryOne<{ meta: string }>(api.test.database, `select cast(meta as text) as meta from dossiers where id = :id`, {
    id: made.id,
  });
  expect(row?.meta).toBe('{"n": 12345678901234567890.5}');
});

test('external ids are unique within each list and can be found', async () => {
  const [list, other] = [await makeList(), await makeList()];
  const one = await make({ name: 'One', dossier_lists: [list], external_id: 'x-1' });
  const two = await make({ name: 'Two', dossier_lists: [list] });
  await api.refused('CONFLICT', ['POST', '/dossiers/', { name: 'Three', dossier_lists: [list], external_id: 'x-1' }], 'external_id');
  await api.refused('CONFLICT', ['PATCH', `/dossiers/${two.id}/`, { external_id: 'x-1' }], 'external_id');
  const elsewhere = await make({ name: 'Somebody else', dossier_lists: [other], external_id: 'x-1' });
  await api.refused('CONFLICT', ['PATCH', `/dossiers/${elsewhere.id}/`, { dossier_lists: [other, list] }], 'external_id');
  await api.refused(
    'CONFLICT',
    ['POST', '/dossiers/', { name: 'Both', dossier_lists: [await makeList(), other], external_id: 'x-1' }],
    'external_id',
  );
  expect((await api.want(200, dossierPage, ['GET', '/dossiers/?external_id=x-1'])).results.map((found) => found.id)).toEqual([
    one.id,
    elsewhere.id,
  ]);
  expect(await names(`/dossiers/?external_id=x-1&dossier_lists=${other}`)).toEqual(['Somebody else']);
  const freed = await api.want(200, dossierSchema, ['PATCH', `/dossiers/${one.id}/`, { external_id: null }]);
  expect(freed.external_id).toBeNull();
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${two.id}/`, { external_id: 'x-1' }]);
});

test('filters: lists in both array forms, activity, names in all scripts with literal wildcards', async () => {
  const [a, b] = [await makeList('a'), await makeList('b')];
  await make({ name: 'Иван ПЕТРОВ', dossier_lists: [a] });
  await make({ name: 'ΑΛΕΞΗΣ', dossier_lists: [b], active: false });
  await make({ name: '50%_\\sale', dossier_lists: [a, b] });
  const lists = `dossier_lists=${a},${b}`;
  expect(await names(`/dossiers/?${lists}`)).toHaveLength(3);
  expect(await names(`/dossiers?dossier_lists=${a}&dossier_lists=${b}&ordering=-id`)).toEqual(['50%_\\sale', 'ΑΛΕΞΗΣ', 'Иван ПЕТРОВ']);
  expect(await names(`/dossiers/?dossier_lists=${b}&active=false`)).toEqual(['ΑΛΕΞΗΣ']);
  const search = async (needle: string): Promise<string[]> => names(`/dossiers/?${lists}&name_contains=${encodeURIComponent(needle)}`);
  expect(await search('петров')).toEqual(['Иван ПЕТРОВ']);
  expect(await search('αλεξη')).toEqual(['ΑΛΕΞΗΣ']);
  expect(await search('%_\\S')).toEqual(['50%_\\sale']);
  expect(await search('_')).toEqual(['50%_\\sale']);
  expect(await search('')).toHaveLength(3);
  expect(await names('/dossiers/?dossier_lists=999999')).toEqual([]);
});

test.each(['id', '-id', 'name', '-name', 'created_date', '-created_date', 'modified_date', '-modified_date'])(
  'pages by %s meet every dossier once, both ways, while others are added',
  async (ordering) => {
    const list = await makeList();
    const labels = ['b', 'a', 'Я', 'a', 'é', 'e', 'Z', 'a', 'z', 'ж', '1', 'b'];
    for (const name of labels) await make({ name, dossier_lists: [list] });
    // Ties, and dates that differ by less than a JavaScript date can tell.
    await query(
      api.test.database,
      `update dossiers set created_date = '2026-01-01 00:00:00.000001+00'::timestamptz + make_interval(secs => (id % 3) * 0.000001),
         modified_date = '2026-01-01 00:00:00+00'
       where set_id = (select set_id from list_positions where list_id = :list)`,
      { list },
    );
    const base = `/dossiers/?dossier_lists=${list}&ordering=${ordering}`;
    const expected = (await api.want(200, dossierPage, ['GET', `${base}&limit=1000`])).results.map((dossier) => dossier.id);
    expect(expected).toHaveLength(labels.length);
    const seen: number[] = [];
    let page = await api.want(200, dossierPage, ['GET', `${base}&limit=5`]);
    expect(page.prev_page).toBeNull();
    for (;;) {
      seen.push(...page.results.map((dossier) => dossier.id));
      if (page.next_page === null) break;
      if (seen.length === 5) await make({ name: 'added meanwhile', dossier_lists: [list] });
      page = await api.want(200, dossierPage, ['GET', `${base}&limit=5&page=${page.next_page}`]);
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => expected.includes(id))).toEqual(expected);
    const back: number[] = page.results.map((dossier) => dossier.id);
    while (page.prev_page !== null) {
      page = await api.want(200, dossierPage, ['GET', `${base}&limit=5&page=${page.prev_page}`]);
      expect(page.next_page).not.toBeNull();
      back.unshift(...page.results.map((dossier) => dossier.id));
    }
    expect(new Set(back).size).toBe(back.length);
    expect(back.filter((id) => expected.includes(id))).toEqual(expected);
  },
);

test('cursors that were not given out for this order are refused', async () => {
  const list = await makeList();
  for (const name of ['a', 'b', 'c']) await make({ name, dossier_lists: [list] });
  const { next_page: cursor } = await api.want(200, dossierPage, ['GET', `/dossiers/?limit=1&ordering=name`]);
  await api.refused('BAD_PARAM', ['GET', `/dossiers/?ordering=id&page=${cursor}`], 'page');
  for (const content of [
    '["created_date","after","2026-02-31 00:00:00+00",1,1]',
    '["created_date","after","infinity",1,1]',
    '["created_date","after",null,1,1]',
    '["created_date","after","2026-01-01 00:00:00+00",1e300,1]',
    '["created_date","after","2026-01-01 00:00:00+00",-1,1]',
    '["created_date","sideways","2026-01-01 00:00:00+00",1,1]',
    '["created_date","after","2026-01-01 00:00:00+00",1]',
    '["created_date","after","2026-01-01 00:00:00+00",1,0]',
  ]) {
    await api.refused('BAD_PARAM', ['GET', `/dossiers/?ordering=created_date&page=${Buffer.from(content).toString('base64url')}`], 'page');
  }
  const nul = Buffer.from(JSON.stringify(['name', 'after', 'a\u0000', 1, 1])).toString('base64url');
  await api.refused('BAD_PARAM', ['GET', `/dossiers/?ordering=name&page=${nul}`], 'page');
});

test('fields and parameters that do not fit are named', async () => {
  const list = await makeList();
  const fits = { name: 'x', dossier_lists: [list] };
  for (const [body, param] of [
    [{ dossier_lists: [list] }, 'name'],
    [{ ...fits, name: '' }, 'name'],
    [{ ...fits, name: 'é'.repeat(257) }, 'name'],
    [{ ...fits, name: 'a\u0000' }, 'name'],
    [{ ...fits, name: '\ud800' }, 'name'],
    [{ ...fits, name: 7 }, 'name'],
    [{ ...fits, comment: 'x'.repeat(10_001) }, 'comment'],
    [{ ...fits, external_id: '' }, 'external_id'],
    [{ ...fits, external_id: 'x'.repeat(257) }, 'external_id'],
    [{ ...fits, active: 1 }, 'active'],
    [{ ...fits, valid_from: '2026-02-30' }, 'valid_from'],
    [{ ...fits, valid_from: '0000-01-01' }, 'valid_from'],
    [{ ...fits, valid_until: '2026-1-1' }, 'valid_until'],
    [{ ...fits, valid_until: '2026-01-01T00:00:00Z' }, 'valid_until'],
    [{ ...fits, valid_until: '' }, 'valid_until'],
    [{ ...fits, valid_from: '2026-01-02', valid_until: '2026-01-01' }, 'valid_until'],
    [{ ...fits, meta: [] }, 'meta'],
    [{ ...fits, meta: { 'a\udc00': 1 } }, 'meta'],
    [{ ...fits, meta: { a: { b: 'x\u0000' } } }, 'meta'],
    [{ ...fits, meta: { a: 'x'.repeat(600_000) } }, 'meta'],
    [{ name: 'x' }, 'dossier_lists'],
    [{ name: 'x', dossier_lists: [] }, 'dossier_lists'],
    [{ name: 'x', dossier_lists: ['a'] }, 'dossier_lists'],
    [{ name: 'x', dossier_lists: [987_654] }, 'dossier_lists'],
    [{ name: 'x', dossier_lists: [1e300] }, 'dossier_lists'],
  ] as const) {
    await api.refused('BAD_PARAM', ['POST', '/dossiers/', body], param);
  }
  const dossier = await make({ ...fits, name: '😀'.repeat(256), comment: '😀'.repeat(10_000) });
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${dossier.id}/`, { dossier_lists: [] }], 'dossier_lists');
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${dossier.id}/`, { dossier_lists: [987_654] }], 'dossier_lists');
  for (const [parameters, param] of [
    ['dossier_lists=a', 'dossier_lists'],
    ['dossier_lists=', 'dossier_lists'],
    ['dossier_lists=99999999999999999999', 'dossier_lists'],
    ['active=maybe', 'active'],
    ['ordering=colour', 'ordering'],
    ['limit=5&limit=6', 'limit'],
    ['external_id=', 'external_id'],
    ['valid=never', 'valid'],
    ['name_contains=%00', 'name_contains'],
    [`name_contains=${'x'.repeat(257)}`, 'name_contains'],
  ] as const) {
    await api.refused('BAD_PARAM', ['GET', `/dossiers/?${parameters}`], param);
  }
  for (const id of ['abc', '0', '-1', '1.5', '99999999999999999999', '9'.repeat(15), '1e3', '%00']) {
    await api.refused('NOT_FOUND', ['GET', `/dossiers/${id}/`]);
  }
});

test('changes of lists at once leave counts, digests and memberships in agreement', async () => {
  const lists = [await makeList(), await makeList(), await makeList()];
  const dossiers = await Promise.all(Array.from({ length: 4 }, (_, index) => make({ name: `D${index}`, dossier_lists: lists })));
  const choices = [[0], [1], [2], [0, 1], [1, 2], [2, 0], [0, 1, 2]];
  const statuses = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const dossier = dossiers[index % dossiers.length];
      const chosen = (choices[(index * 5) % choices.length] ?? []).map((at) => lists[at]).toReversed();
      const body = index % 3 === 0 ? { name: `D${index}`, dossier_lists: chosen } : { dossier_lists: chosen };
      return (await api.call('PATCH', `/dossiers/${dossier?.id}/`, { body })).status;
    }),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  for (const list of lists) await expectHonest(api.test.database, list);
});

test('a list that is deleted or purged while dossiers come in leaves nothing half-made', async () => {
  const list = await makeList();
  const answers = await Promise.all([
    ...Array.from({ length: 20 }, (_, index) => api.call('POST', '/dossiers/', { body: { name: `N${index}`, dossier_lists: [list] } })),
    ...Array.from({ length: 5 }, () => api.call('POST', `/dossier-lists/${list}/purge/`)),
    ...Array.from({ length: 5 }, () => api.call('DELETE', `/dossier-lists/${list}/`)),
  ]);
  for (const { status, text } of answers) expect([201, 204, 400, 404, 409], text).toContain(status);
  const orphans = await query(
    api.test.database,
    `select id from dossiers d where not exists (select from list_positions p where p.set_id = d.set_id)
       and not exists (select from sets s where s.set_id = d.set_id)`,
  );
  expect(orphans).toEqual([]);
});

test('a dossier in several lists is one: each change is one of all its rows', async () => {
  const lists = [await makeList(), await makeList(), await makeList()];
  const [a = 0, b = 0, c = 0] = lists;
  const made = await make({ name: 'Shared', dossier_lists: [b, a], external_id: 's' });
  expect(made.dossier_lists).toEqual([a, b]);
  const path = `/dossiers/${made.id}/`;
  const rows = () =>
    query<{ list_id: number; name: string; id: number; uuid: string; hash: string }>(
      api.test.database,
      `select list_id, name, id, uuid, hash from current_dossiers where id = :id order by list_id`,
      { id: made.id },
    );
  const before = [await revision(a), await revision(b)];
  await api.want(200, dossierSchema, ['PATCH', path, { name: 'Renamed', dossier_lists: [a, c] }]);
  expect((await rows()).map((row) => [row.list_id, row.name])).toEqual([
    [a, 'Renamed'],
    [c, 'Renamed'],
  ]);
  expect(new Set((await rows()).map((row) => `${row.uuid} ${row.hash}`)).size).toBe(1);
  expect((await revision(a)) > (before[0] ?? 0) && (await revision(b)) > (before[1] ?? 0)).toBe(true);
  // Back again: what its followers heard of as gone is there.
  const back = await api.want(200, dossierSchema, ['PATCH', path, { dossier_lists: [a, b, c] }]);
  expect(back).toMatchObject({ dossier_lists: [a, b, c], created_date: made.created_date });
  for (const list of lists) await expectHonest(api.test.database, list);
  const [before2, ...others] = [await revision(a), await revision(b), await revision(c)];
  await api.want(200, dossierSchema, ['PATCH', path, { name: 'Renamed', dossier_lists: [c, b, a] }]);
  expect([await revision(a), await revision(b), await revision(c)]).toEqual([before2, ...others]);
  expect((await api.call('DELETE', path)).status).toBe(204);
  expect(await rows()).toEqual([]);
  for (const list of lists) await expectHonest(api.test.database, list);
});

test('rows that differ are told apart in listings, the newest is read by its id, and a change makes them one', async () => {
  const [a, b, c] = [await makeList(), await makeList(), await makeList()];
  const made = await make({ name: 'Same', dossier_lists: [a, b, c] });
  await query(
    api.test.database,
    `update dossiers set name = 'Other' where id = :id and set_id = (select set_id from list_positions where list_id = :b)`,
    { id: made.id, b },
  );
  const listed = async (lists: number[], rest = ''): Promise<string[]> => names(`/dossiers/?dossier_lists=${lists.join(',')}${rest}`);
  expect(await listed([a, b, c])).toEqual(['Same', 'Other']);
  expect(await listed([a, b, c], '&ordering=-id')).toEqual(['Same', 'Other']);
  expect(await listed([a, c])).toEqual(['Same']);
  expect(await listed([c])).toEqual(['Same']);
  expect(await listed([b])).toEqual(['Other']);
  for (const ordering of ['id', '-id', 'name', 'modified_date', '-created_date']) {
    const base = `/dossiers/?dossier_lists=${a},${b},${c}&ordering=${ordering}&limit=1`;
    const first = await api.want(200, dossierPage, ['GET', base]);
    const second = await api.want(200, dossierPage, ['GET', `${base}&page=${first.next_page}`]);
    expect(second.next_page).toBeNull();
    expect([...first.results, ...second.results].map((dossier) => dossier.name).toSorted()).toEqual(['Other', 'Same']);
    const back = await api.want(200, dossierPage, ['GET', `${base}&page=${second.prev_page}`]);
    expect([back.results, back.prev_page]).toEqual([first.results, null]);
  }
  const read = await api.want(200, dossierSchema, ['GET', `/dossiers/${made.id}/`]);
  expect(read).toMatchObject({ name: 'Other', dossier_lists: [a, b, c] });
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${made.id}/`, { comment: 'one again' }]);
  expect(await listed([a, b, c])).toEqual(['Other']);
  for (const list of [a, b, c]) await expectHonest(api.test.database, list);
});

test('a listing of many lists that hold the same shows each dossier once', async () => {
  const lists = await Promise.all(Array.from({ length: 12 }, () => makeList()));
  for (let count = 0; count < 9; count += 1) await make({ name: `N${count}`, dossier_lists: lists });
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await api.want(200, dossierPage, [
      'GET',
      `/dossiers/?dossier_lists=${lists.join(',')}&ordering=name&limit=2&page=${cursor}`,
    ]);
    seen.push(...page.results.map((dossier) => dossier.name));
    cursor = page.next_page ?? '';
  } while (cursor !== '');
  expect(seen).toEqual(Array.from({ length: 9 }, (_, index) => `N${index}`));
});

test('a dossier is listed while it is valid, and always read by its id', async () => {
  const list = await makeList();
  const today = new Date().toISOString().slice(0, 10);
  const day = (offset: number): string => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  await make({ name: 'always', dossier_lists: [list] });
  await make({ name: 'today alone', dossier_lists: [list], valid_from: today, valid_until: today });
  const past = await make({ name: 'past', dossier_lists: [list], valid_until: day(-1) });
  const future = await make({ name: 'future', dossier_lists: [list], valid_from: day(1) });
  expect(past).toMatchObject({ valid_from: null, valid_until: day(-1) });
  expect(await names(`/dossiers/?dossier_lists=${list}`)).toEqual(['always', 'today alone']);
  expect(await names(`/dossiers/?dossier_lists=${list}&valid=all`)).toEqual(['always', 'today alone', 'past', 'future']);
  expect(await api.want(200, dossierSchema, ['GET', `/dossiers/${past.id}/`])).toEqual(past);
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${future.id}/`, { valid_until: today }], 'valid_until');
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${future.id}/`, { valid_from: null }]);
  expect(await names(`/dossiers/?dossier_lists=${list}`)).toEqual(['always', 'today alone', 'future']);
  await expectHonest(api.test.database, list);
});

test('a change can be bound to what was read', async () => {
  const [list, other] = [await makeList(), await makeList()];
  const made = await api.call('POST', '/dossiers/', { body: { name: 'Tagged', dossier_lists: [list] } });
  const path = `/dossiers/${dossierSchema.parse(made.json).id}/`;
  const tag = made.headers.get('etag') ?? '';
  expect(tag).toMatch(/^"[\w-]+"$/);
  const change = (body: object, ifMatch: string) => api.call('PATCH', path, { body, headers: { 'if-match': ifMatch } });
  expect((await api.call('GET', path)).headers.get('etag')).toBe(tag);
  const moved = await change({ dossier_lists: [list, other] }, tag);
  expect(moved.status).toBe(200);
  expect(moved.headers.get('etag')).not.toBe(tag);
  const late = await change({ name: 'Too late' }, tag);
  expect([late.status, problemSchema.parse(late.json).code]).toEqual([412, 'PRECONDITION_FAILED']);
  expect((await api.call('DELETE', path, { headers: { 'if-match': tag } })).status).toBe(412);
  expect((await change({ name: 'Any' }, '*')).status).toBe(200);
  const now = (await api.call('GET', path)).headers.get('etag') ?? '';
  const races = await Promise.all(['x', 'y', 'z'].map((name) => change({ name }, `"other", ${now}`)));
  expect(races.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
  expect((await api.call('DELETE', path, { headers: { 'if-match': '*' } })).status).toBe(204);
});
