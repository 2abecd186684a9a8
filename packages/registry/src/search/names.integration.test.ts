import { createTestDatabase } from '@dossier/test/kit/database.ts';
import { namesAsTyped } from '@dossier/test/kit/names-as-typed.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importDossiers } from '../import.ts';
import { searchDossiers } from './search.ts';
import { updateSearchIndex } from './search-index.ts';

/*
 * Names of the world, as people type them in Latin letters and with what hands and keyboards do to them, among others
 * of their kind.
 */

const test = await createTestDatabase();
afterAll(() => test.drop());

async function makeList(names: readonly string[]): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values ('names') returning id`);
  const id = list?.id ?? 0;
  const blank = { comment: undefined, active: undefined, meta: undefined, photos: undefined };
  await importDossiers(test.database, { listId: id, dossiers: names.map((name, at) => ({ ...blank, externalId: `x${at}`, name })) });
  return id;
}

let native = 0;
let latin = 0;
beforeAll(async () => {
  native = await makeList(namesAsTyped.map(({ name }) => name));
  latin = await makeList(namesAsTyped.map(({ typed: [usual = ''] }) => usual));
  await updateSearchIndex(test.database);
});

/** Whether a name is among the first of those that are found: a page of the box shows so many. */
async function finds(list: number, text: string, name: string): Promise<boolean> {
  const { rows } = await searchDossiers(test.database, { text, filter: { lists: [list] }, offset: 0, limit: 8 });
  return rows.some((row) => row.name === name);
}

interface Attempt {
  readonly list: number;
  readonly text: string;
  readonly name: string;
}

async function missed(attempts: readonly Attempt[]): Promise<string[]> {
  const misses: string[] = [];
  for (const { list, text, name } of attempts) if (!(await finds(list, text, name))) misses.push(`${text}: ${name}`);
  return misses;
}

/**
 * Translations of names, words of another language in kana, Sanskrit in Tibetan letters: no rule of spelling leads
 * there.
 */
const outOfReach = [
  'Isaac Levy: יצחק לוי',
  'Prayuth Chanocha: ประยุทธ์ จันทร์โอชา',
  'Eugene Prigozhin: Евгений Пригожин',
  'John Smith: ジョン スミス',
  'Tsering Dhondup: ཚེ་རིང་དོན་གྲུབ',
  'Padma Dorjee: པདྨ་རྡོ་རྗེ',
  'Lobsang Sangay: བློ་བཟང་སེང་གེ',
];

/** Within reach of the rules, but the index doesn't offer the word among those that may be meant. */
const notOffered = [
  'Naveen Patnaik: ନବୀନ ପଟ୍ଟନାୟକ',
  'Bounnhang Vorachith: ບຸນຍັງ ວໍລະຈິດ',
  'Ihor Hryhorenko: Ігор Григоренко',
  'Chingis: ᠴᠢᠩᠭᠢᠰ',
  'Suke: ᠰᠦᠬᠡ',
  'Pema Dorje: པདྨ་རྡོ་རྗེ',
];

it('are found as people type them in Latin letters', { timeout: 180_000 }, async () => {
  const attempts = namesAsTyped.flatMap(({ name, typed }) => typed.map((text) => ({ list: native, text, name })));
  const misses = await missed(attempts);
  expect(misses.filter((miss) => ![...outOfReach, ...notOffered].includes(miss))).toEqual([]);
});

it('are found in any case, order and Unicode form, with whatever space stands between', { timeout: 180_000 }, async () => {
  const ways: ((text: string) => string)[] = [
    (text) => text.toUpperCase(),
    (text) => text.normalize('NFD'),
    (text) => text.replaceAll(' ', '\u00a0'),
    (text) => text.split(' ').toReversed().join(' '),
    (text) => text.replaceAll("'", '’'),
  ];
  const attempts = namesAsTyped.flatMap(({ name }) => ways.map((way) => ({ list: native, text: way(name), name })));
  expect(await missed(attempts)).toEqual([]);
});

it('are found though a letter is wrong, where the word is long enough to know it by', { timeout: 180_000 }, async () => {
  const errors: ((word: string, at: number) => string)[] = [
    (word, at) => word.slice(0, at) + word.slice(at + 1),
    (word, at) => `${word.slice(0, at)}${word[at]}${word.slice(at)}`,
    (word, at) => `${word.slice(0, at)}${word[at + 1]}${word[at]}${word.slice(at + 2)}`,
  ];
  const attempts = namesAsTyped.flatMap(({ typed: [usual = ''] }) => {
    const longest = usual.split(/[\s-]/).reduce((one, other) => (other.length > one.length ? other : one), '');
    if (longest.length < 6) return [];
    return errors.map((error, at) => ({ list: latin, text: error(longest, 2 + at), name: usual }));
  });
  const misses = await missed(attempts);
  // Some errors make another name of it.
  expect(misses.length / attempts.length).toBeLessThan(0.05);
});

it('written in their own script find the Latin name', { timeout: 180_000 }, async () => {
  const attempts = namesAsTyped.map(({ name, typed: [usual = ''] }) => ({ list: latin, text: name, name: usual }));
  const misses = await missed(attempts);
  expect(misses.length / attempts.length).toBeLessThan(0.15);
});
