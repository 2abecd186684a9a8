import { afterAll, beforeAll, expect, test } from 'vitest';
import { misfitsSchema } from '@dossier/protocol/declaration.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const rank = { name: 'rank', label: { en: 'Rank' }, type: 'choice', choices: ['mate', 'captain'], shown_in_table: true };
const age = { name: 'age', type: 'number', required: true };

async function makeList(fields: object[], name = 'Declaring'): Promise<WatchList> {
  return api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name, fields }]);
}

test('a list says what it declares, with what was left out filled in, and keeps the order', async () => {
  const list = await makeList([rank, age]);
  expect(list.fields).toEqual([
    { ...rank, required: false },
    { ...age, label: {}, shown_in_table: false },
  ]);
  expect(list.instruction).toEqual({});
  const path = `/dossier-lists/${list.id}/`;
  const changed = await api.want(200, watchListSchema, ['PATCH', path, { instruction: { en: 'Call the guard', ru: '' } }]);
  expect(changed).toMatchObject({ instruction: { en: 'Call the guard' }, fields: list.fields });
  const turned = await api.want(200, watchListSchema, ['PATCH', path, { fields: [age, rank] }]);
  expect(turned.fields.map(({ name }) => name)).toEqual(['age', 'rank']);
  expect(turned.misfits).toEqual({ dossiers: 0, fields: [] });
  const { misfits: _misfits, ...answered } = turned;
  expect(await api.want(200, watchListSchema, ['GET', path])).toEqual(answered);
});

test.each<[string, object, string]>([
  ['two fields of one name', { fields: [age, age] }, 'fields.1.name: "age" is declared twice'],
  ['names that nobody can tell from each other', { fields: [age, { name: 'AGE', type: 'text' }] }, '"AGE" is declared twice'],
  ['no choices', { fields: [{ name: 'x', type: 'choice', choices: [] }] }, 'fields.0.choices: must name at least one choice'],
  ['a choice without choices', { fields: [{ name: 'x', type: 'choice' }] }, 'fields.0.choices: is required'],
  ['a choice twice', { fields: [{ name: 'x', type: 'choice', choices: ['a', 'a'] }] }, 'fields.0.choices: names "a" twice'],
  [
    'choices of a number',
    { fields: [{ name: 'x', type: 'number', choices: ['1'] }] },
    'fields.0.choices: is only for fields of the type choice',
  ],
  ['an unknown type', { fields: [{ name: 'x', type: 'colour' }] }, 'fields.0.type: must be one of text, number, date, choice, yes_no'],
  ['a name of blanks', { fields: [{ name: '  ', type: 'text' }] }, 'fields.0.name: must'],
  ['more than a hundred', { fields: Array.from({ length: 101 }, (_, at) => ({ name: `f${at}`, type: 'text' })) }, 'at most 100 fields'],
  ['no language', { instruction: { english: 'x' } }, 'instruction: "english" is no tag of a language'],
  ['an unknown key', { fields: [{ name: 'x', type: 'text', colour: 'red' }] }, 'fields.0.colour'],
  [
    'what is too long together',
    {
      fields: Array.from({ length: 99 }, (_, at) => ({
        name: `f${at}`,
        type: 'choice',
        choices: Array.from({ length: 100 }, (__, no) => `${no}xxxxxxxxxx`),
      })),
    },
    'more than 64 KB',
  ],
])('a declaration with %s is refused by what is wrong in it', async (_what, change, sentence) => {
  const list = await makeList([rank]);
  const answer = await api.call('PATCH', `/dossier-lists/${list.id}/`, {
    body: JSON.stringify(change),
    headers: { 'content-type': 'application/json' },
  });
  expect(answer.status).toBe(400);
  expect(JSON.stringify(answer.json)).toContain(JSON.stringify(sentence).slice(1, -1));
  expect(await api.want(200, watchListSchema, ['GET', `/dossier-lists/${list.id}/`])).toEqual(list);
});

test('a value that a list declares otherwise is refused by name; fields that nobody declares are free', async () => {
  const list = await makeList([rank, age]);
  const body = (meta: object) => ({ name: 'Anna', dossier_lists: [list.id], meta });
  const refused = await api.refused('BAD_PARAM', ['POST', '/dossiers/', body({ age: 41, rank: 'cook' })], 'meta');
  expect(refused).toMatchObject({
    param: 'meta',
    desc: `meta.rank: must be one of "mate", "captain", as the watch list ${list.id} (Declaring) declares it.`,
  });
  expect(await api.refused('BAD_PARAM', ['POST', '/dossiers/', body({ rank: 'mate' })], 'meta')).toMatchObject({
    desc: expect.stringContaining('meta.age: is required'),
  });
  const made = await api.want(201, dossierSchema, ['POST', '/dossiers/', body({ age: 41, rank: null, tattoo: ['anchor'] })]);
  expect(made.meta).toEqual({ age: 41, rank: null, tattoo: ['anchor'] });
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${made.id}/`, { meta: { tattoo: 'rose' } }], 'meta');
});

test('values that a new declaration does not fit are counted and stay, and keep nobody from correcting something else', async () => {
  const list = await makeList([]);
  const make = (meta: object) => api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Boris', dossier_lists: [list.id], meta }]);
  const old = await make({ age: 'about forty', rank: 'captain' });
  await make({ age: 41 });
  const without = await make({});
  const path = `/dossier-lists/${list.id}/`;
  const { misfits } = await api.want(200, watchListSchema, ['PATCH', path, { fields: [age, rank] }]);
  expect(misfits).toEqual({ dossiers: 2, fields: [{ name: 'age', dossiers: 2, examples: expect.arrayContaining([old.id, without.id]) }] });
  expect(await api.want(200, misfitsSchema, ['GET', `${path}misfits/`])).toEqual(misfits);
  const corrected = await api.want(200, dossierSchema, [
    'PATCH',
    `/dossiers/${old.id}/`,
    { comment: 'seen', meta: { ...old.meta, rank: 'mate' } },
  ]);
  expect(corrected.meta).toEqual({ age: 'about forty', rank: 'mate' });
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${old.id}/`, { meta: { age: 'about fifty' } }], 'meta');
  await api.want(200, dossierSchema, ['PATCH', `/dossiers/${old.id}/`, { meta: { age: 40 } }]);
  expect(await api.want(200, misfitsSchema, ['GET', `${path}misfits/`])).toMatchObject({ dossiers: 1 });
});

test('a dossier in several lists obeys all of them, and lists that contradict each other are named', async () => {
  const numbers = await makeList([{ name: 'badge', type: 'number' }], 'Numbers');
  const texts = await makeList([{ name: 'badge', type: 'text' }], 'Texts');
  const lists = [numbers.id, texts.id];
  const refused = await api.refused(
    'BAD_PARAM',
    ['POST', '/dossiers/', { name: 'Carla', dossier_lists: lists, meta: { badge: 7 } }],
    'meta',
  );
  expect(refused).toMatchObject({
    desc: `meta.badge: must be a text, as the watch list ${texts.id} (Texts) declares it. The watch list ${numbers.id} (Numbers) declares it so that no value fits both.`,
  });
  const made = await api.want(201, dossierSchema, [
    'POST',
    '/dossiers/',
    { name: 'Carla', dossier_lists: [numbers.id], meta: { badge: 7 } },
  ]);
  await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${made.id}/`, { dossier_lists: lists }], 'meta');
  expect(
    (await api.want(200, dossierSchema, ['PATCH', `/dossiers/${made.id}/`, { dossier_lists: lists, meta: {} }])).dossier_lists,
  ).toEqual(lists);
});

test('the ETag of a list covers what it declares, and its history tells from what to what', async () => {
  const list = await makeList([rank]);
  const path = `/dossier-lists/${list.id}/`;
  const tag = (await api.call('GET', path)).headers.get('etag') ?? '';
  await api.want(200, watchListSchema, ['PATCH', path, { fields: [rank, age] }]);
  const stale = await api.call('PATCH', path, {
    body: '{"comment":"x"}',
    headers: { 'content-type': 'application/json', 'if-match': tag },
  });
  expect(stale.status).toBe(412);
  const audit = await api.call('GET', `/audit/?object=watch-list&object_id=${list.id}`);
  expect(audit.json).toMatchObject({
    results: [
      {
        action: 'list-changed',
        details: { fields: ['rank', 'age'] },
        before: { fields: [{ name: 'rank' }] },
        after: { fields: [{ name: 'rank' }, { name: 'age', type: 'number' }] },
      },
      { action: 'list-made', after: { fields: [{ name: 'rank' }] } },
    ],
  });
});

test('an import refuses lines that break the declaration, and reads the columns of a CSV file as they are declared', async () => {
  const list = await makeList([rank, age, { name: 'armed', type: 'yes_no' }]);
  const send = async (type: string, body: string) =>
    (await api.call('POST', `/dossier-lists/${list.id}/import/`, { body, headers: { 'content-type': type } })).json;
  const lines = [{ age: 41 }, { age: '41' }, {}, { age: 5, rank: 'cook' }].map((meta, at) =>
    JSON.stringify({ external_id: `j${at}`, name: `J ${at}`, meta }),
  );
  expect(await send('application/x-ndjson', lines.join('\n'))).toMatchObject({
    added: 1,
    refused: 3,
    refusals: [
      { line: 2, reason: 'meta.age: must be a number' },
      { line: 3, reason: 'meta.age: is required' },
      { line: 4, reason: 'meta.rank: must be one of "mate", "captain"' },
    ],
  });
  expect(
    await send('text/csv', 'external_id,name,meta.age,meta.armed,meta.note\nc1,Csv,41,yes,007\nc2,Csv,old,no,\nj0,J renamed,,,\n'),
  ).toMatchObject({
    added: 1,
    changed: 1,
    refusals: [{ line: 3, reason: 'meta.age: must be a number' }],
  });
  const found = await api.call('GET', `/dossiers/?dossier_lists=${list.id}&external_id=c1`);
  expect(found.json).toMatchObject({ results: [{ meta: { age: 41, armed: true, note: '007' } }] });
});
