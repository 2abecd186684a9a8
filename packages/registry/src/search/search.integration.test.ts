import { createTestDatabase } from '@dossier/test/kit/database.ts';
import type { TestDatabase } from '@dossier/test/kit/database.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDossier, updateDossier } from '../dossier-changes.ts';
import type { DossierContent } from '../dossier-changes.ts';
import { deleteDossier } from '../dossier-deletions.ts';
import { importDossiers } from '../import.ts';
import { emptyList, lockLists } from '../positions.ts';
import { purgeWatchList } from '../watch-lists.ts';
import { searchDossiers } from './search.ts';
import type { SearchAnswer } from './search.ts';
import { updateSearchIndex } from './search-index.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.drop());

async function makeList(name: string): Promise<number> {
  const [list] = await query<{ id: number }>(test.database, `insert into watch_lists (name) values (:name) returning id`, { name });
  return list?.id ?? 0;
}

const plain = { comment: '', active: true, valid_from: null, valid_until: null, meta: {}, external_id: null };

const imported = { comment: undefined, active: undefined, meta: undefined, photos: undefined };

async function make(list: number, content: Partial<DossierContent> & { name: string }): Promise<number> {
  return (await createDossier(test.database, { ...plain, ...content, lists: [list] })).dossier.id;
}

async function find(list: number, text: string, more: { offset?: number; limit?: number } = {}): Promise<SearchAnswer> {
  return searchDossiers(test.database, { text, filter: { lists: [list] }, offset: 0, limit: 50, ...more });
}

async function namesFound(list: number, text: string): Promise<string[]> {
  return (await find(list, text)).rows.map(({ name }) => name);
}

/**
 * A name as it is written, and how people type it; each has to find it, first of all names of the table or as good as
 * another one.
 */
const names: readonly (readonly [script: string, name: string, ...typed: string[]])[] = [
  ['Latin', 'Müller Thomas', 'muller', 'mueller', 'MÜLLER', 'mu\u0308ller', 'thomas muller', 'mul', 'thoams'],
  ['Latin', 'Lech Wałęsa', 'walesa', 'wałęsa', 'lech wal', 'WALESA', 'valesa'],
  ['Latin', 'Jean-Pierre O’Brien', "o'brien", 'obrien', 'o brien', 'jeanpierre', 'jean pierre', 'brien jean'],
  ['Latin', 'İbrahim Işık', 'ibrahim isik', 'ibrahim', 'İBRAHİM', 'ışık'],
  ['Latin', 'Jörg Groß', 'gross', 'groß', 'GROSS', 'joerg', 'jorg'],
  ['Latin', 'Åse Ørsted', 'ase orsted', 'oersted', 'aase'],
  ['Latin', 'Nguyễn Văn Đức', 'nguyen van duc', 'duc nguyen', 'Nguyễn', 'nguyen'],
  ['Latin', 'Mohammed Ali', 'mohammed', 'muhammad', 'mohamed', 'mohamad ali', 'ali', 'moham'],
  ['Latin', 'Anna\u00a0Maria Straße', 'anna maria', 'strasse', 'maria anna'],
  ['Latin', 'Gonçalo Nuñez', 'goncalo nunez', 'nun\u0303ez', 'GONÇALO'],
  ['Cyrillic', 'Алексей Петров', 'aleksei', 'алексей', 'alexey petrov', 'petrov aleksey', 'петров', 'АЛЕКСЕИ\u0306', 'alexei', 'петрво'],
  ['Cyrillic', 'Фёдор Щербаков', 'федор', 'фёдор', 'fedor', 'shcherbakov', 'щербаков фе'],
  ['Cyrillic', 'Юлия Хрущёва', 'yulia', 'julia', 'юлия', 'khrushcheva', 'хрущева', 'chruschtschowa', 'khrouchtcheva'],
  ['Cyrillic', 'Борис Ельцин', 'jelzin', 'yeltsin', 'boris eltsin'],
  ['Cyrillic', 'Мохаммед Саид', 'muhammad', 'muham', 'мохаммед', 'mohammed said', 'мухаммед'],
  ['Greek', 'Γιώργος Παπαδόπουλος', 'giorgos', 'papadopoulos', 'γιωργος', 'ΠΑΠΑΔΟΠΟΥΛΟΣ', 'papadopulos'],
  ['Georgian', 'გიორგი ბერიძე', 'giorgi beridze', 'გიორგი', 'beridze', 'georgi'],
  ['Armenian', 'Արմեն Պետրոսյան', 'armen petrosyan', 'petrosian', 'արմեն', 'ԱՐՄԵՆ'],
  ['Hebrew', 'דוד לוי', 'david', 'דוד', 'david levi', 'levy'],
  ['Arabic', 'محمد عبد الله', 'muhammad', 'محمد', 'mohammed', 'abdullah', 'عبدالله'],
  ['Arabic', 'يوسف الرشيد', 'yusuf', 'yousef', 'al-rashid', 'alrashid', 'rashid', 'يوسف'],
  ['Devanagari', 'राम कुमार शर्मा', 'ram kumar', 'sharma', 'राम', 'kumar sharma'],
  ['Bengali', 'রহমান মোহাম্মদ', 'rahman', 'mohammad', 'রহমান'],
  ['Gurmukhi', 'ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ', 'gurpreet singh', 'singh', 'ਸਿੰਘ'],
  ['Gujarati', 'મોહનદાસ ગાંધી', 'gandhi', 'mohandas', 'ગાંધી'],
  ['Tamil', 'குமார் சுப்ரமணியம்', 'kumar', 'subramaniam', 'குமார்'],
  ['Telugu', 'వెంకటేశ్వర రావు', 'venkateswara', 'venkatesh', 'రావు'],
  ['Kannada', 'ಕುಮಾರ ಗೌಡ', 'kumar gowda', 'kumara', 'ಗೌಡ'],
  ['Malayalam', 'കൃഷ്ണൻ നായർ', 'krishnan', 'nair', 'നായർ'],
  ['Sinhala', 'මෛත්‍රීපාල සිරිසේන', 'sirisena', 'maithripala', 'සිරිසේන'],
  ['Thai', 'สมชาย ใจดี', 'somchai', 'jaidee', 'สมชาย', 'ใจดี', 'jaidi'],
  ['Lao', 'ສົມພອນ', 'somphone', 'ສົມພອນ', 'ສົມ'],
  ['Khmer', 'សុខ ហេង', 'heng', 'សុខ', 'ហេង'],
  ['Myanmar', 'အောင်ဆန်း', 'အောင်', 'ဆန်း'],
  ['Ethiopic', 'አበበ ቢቂላ', 'abebe bikila', 'አበበ', 'bikila'],
  ['Han', '王小明', 'wang xiaoming', '小明', 'xiaoming', '王', 'xiao ming wang', 'wangxiaoming'],
  ['Hangul', '김민수', 'kim minsu', '민수', 'kim min-su', 'gim', 'minsu', '\u1100\u1175\u11b7'],
  ['Hangul', '박지성', 'park jisung', 'park', '지성'],
  ['Hiragana', 'やまだ たろう', 'yamada', 'taro yamada', 'やまだ', 'ヤマダ', 'tarou'],
  ['Katakana', 'ヤマモト ハナコ', 'yamamoto hanako', 'やまもと', 'ﾔﾏﾓﾄ'],
  ['Thaana', 'ޙަސަން', 'hasan', 'hassan'],
  ['Tibetan', 'བསྟན་འཛིན', 'བསྟན', 'འཛིན'],
  ['Mongolian', 'ᠪᠠᠲᠤ', 'batu', 'ᠪᠠᠲᠤ'],
];

describe('a name is found as people type it', () => {
  let list = 0;
  beforeAll(async () => {
    list = await makeList('names');
    for (const [, name] of names) await make(list, { name });
    for (let number = 0; number < 300; number += 1) await make(list, { name: `Somebody ${number} Else` });
    await updateSearchIndex(test.database);
  });

  it.each(names.flatMap(([script, name, ...typed]) => typed.map((text) => [script, text, name] as const)))(
    '%s: "%s" finds %s',
    async (_script, text, name) => {
      const found = await namesFound(list, text);
      expect(found.slice(0, 8)).toContain(name);
    },
  );

  it('finds nobody where nobody is like it', async () => {
    expect(await namesFound(list, 'zzgrubblfink')).toEqual([]);
    expect(await namesFound(list, '…')).toEqual([]);
    expect(await namesFound(list, "'\\ & | ! :* <->")).toEqual([]);
  });
});

describe('what is found', () => {
  it('comes by how well it fits, the name before other fields', async () => {
    const list = await makeList('ranks');
    await make(list, { name: 'Ivanov Petr', comment: 'nobody' });
    await make(list, { name: 'Petr Ivanov Junior' });
    await make(list, { name: 'Somebody', comment: 'seen with Petr Ivanov' });
    await make(list, { name: 'Petr Ivanov' });
    await make(list, { name: 'Petra Ivanovna' });
    await make(list, { name: 'Petr Ivnaov' });
    await make(list, { name: 'Anybody', meta: { alias: 'Ivanov', alias_of: { first: 'Petr' } } });
    for (const indexed of [false, true]) {
      if (indexed) await updateSearchIndex(test.database);
      expect(await namesFound(list, 'petr ivanov')).toEqual([
        'Petr Ivanov',
        'Petr Ivanov Junior',
        'Ivanov Petr',
        'Petra Ivanovna',
        'Anybody',
        'Somebody',
        'Petr Ivnaov',
      ]);
    }
  });

  it('has the articles that were typed before those that lack them, and these, too', async () => {
    const list = await makeList('articles');
    const dossiers = Array.from({ length: 600 }, (_, number) => ({ ...imported, externalId: `${number}`, name: `Smith ${number}` }));
    await importDossiers(test.database, { listId: list, dossiers });
    for (const name of ['Smith, Al', 'Kim Jong Un', 'Kim Jong Il', 'Yusuf Rashid', 'Omar Rashid Al']) await make(list, { name });
    await updateSearchIndex(test.database);
    expect((await namesFound(list, 'al smith'))[0]).toBe('Smith, Al');
    expect(await namesFound(list, 'kim jong il')).toEqual(['Kim Jong Il', 'Kim Jong Un']);
    expect(await namesFound(list, 'al-rashid')).toEqual(['Omar Rashid Al', 'Yusuf Rashid']);
  });

  it('has names that are written in one with the article', async () => {
    const list = await makeList('joined articles');
    for (const name of ['Omar Elsayed', 'Omar Alsayed', 'Omar Abdalrahman', 'Elsa Yedlin']) await make(list, { name });
    await updateSearchIndex(test.database);
    expect((await namesFound(list, 'omar el sayed'))[0]).toBe('Omar Elsayed');
    expect((await namesFound(list, 'omar al sayed'))[0]).toBe('Omar Alsayed');
    expect(
      (await find(list, 'abd al rahman')).rows.map(({ name, matches }) => [name, matches.map(({ text, how }) => `${text} ${how}`)]),
    ).toEqual([['Omar Abdalrahman', ['Abdalrahman exact']]]);
  });

  it('has a name in kana as a whole first, whether its long vowel was typed or not', async () => {
    const list = await makeList('kana');
    for (const name of ['Oono Aki', 'Ono Aki', 'おおの']) await make(list, { name });
    await updateSearchIndex(test.database);
    for (const text of ['oono', 'ono', 'オオノ']) expect((await namesFound(list, text))[0]).toBe('おおの');
  });

  it('says why, with the part that matched', async () => {
    const list = await makeList('reasons');
    await make(list, { name: 'Алексей Ёлкин', comment: 'drives a red lorry', external_id: 'RU-77/12', meta: { office: 'Gdańsk' } });
    await updateSearchIndex(test.database);
    const why = async (text: string) => (await find(list, text)).rows.map(({ matches }) => matches);
    expect(await why('aleks')).toEqual([[{ field: 'name', key: null, start: 0, end: 5, text: 'Алекс', how: 'prefix' }]]);
    expect(await why('елкин')).toEqual([[{ field: 'name', key: null, start: 8, end: 13, text: 'Ёлкин', how: 'exact' }]]);
    expect(await why('lory')).toEqual([[{ field: 'comment', key: null, start: 13, end: 18, text: 'lorry', how: 'exact' }]]);
    expect(await why('ru7712')).toEqual([[{ field: 'external_id', key: null, start: 0, end: 8, text: 'RU-77/12', how: 'exact' }]]);
    expect(await why('gdansk red')).toEqual([
      [
        { field: 'meta', key: 'office', start: 0, end: 6, text: 'Gdańsk', how: 'exact' },
        { field: 'comment', key: null, start: 9, end: 12, text: 'red', how: 'exact' },
      ],
    ]);
    expect((await why('alrksei'))[0]).toEqual([{ field: 'name', key: null, start: 0, end: 7, text: 'Алексей', how: 'similar' }]);
  });

  it('is counted, up to five hundred, and paged without repeating anybody', async () => {
    const list = await makeList('many');
    const dossiers = Array.from({ length: 600 }, (_, number) => ({ ...imported, externalId: `${number}`, name: `Maria ${number}` }));
    await importDossiers(test.database, { listId: list, dossiers });
    await updateSearchIndex(test.database);
    expect(await find(list, 'maria')).toMatchObject({ total: 500, more: true });
    expect(await find(list, 'maria 59')).toMatchObject({ total: 11, more: false });
    const pages = await Promise.all([0, 20, 40].map((offset) => find(list, 'maria', { offset, limit: 20 })));
    expect(new Set(pages.flatMap(({ rows }) => rows.map(({ id }) => id))).size).toBe(60);
  });

  it('is shown once where lists hold equal copies', async () => {
    const lists = [await makeList('one'), await makeList('other')];
    await createDossier(test.database, { ...plain, name: 'Twofold Person', lists });
    await updateSearchIndex(test.database);
    const found = await searchDossiers(test.database, { text: 'twofold', filter: {}, offset: 0, limit: 10 });
    expect(found.rows.map(({ name, lists: holding }) => [name, holding])).toEqual([['Twofold Person', lists]]);
  });

  it('passes the other filters', async () => {
    const list = await makeList('filters');
    await make(list, { name: 'Active Person' });
    await make(list, { name: 'Idle Person', active: false });
    await make(list, { name: 'Past Person', valid_until: '2020-01-01' });
    await updateSearchIndex(test.database);
    const found = await searchDossiers(test.database, {
      text: 'person',
      filter: { lists: [list], active: true, validNow: true },
      offset: 0,
      limit: 10,
    });
    expect(found.rows.map(({ name }) => name)).toEqual(['Active Person']);
  });
});

describe('the index', () => {
  it('is made behind a list that is there already, and the list says so until it is through', async () => {
    const list = await makeList('filled');
    const dossiers = Array.from({ length: 1500 }, (_, number) => ({ ...imported, externalId: null, name: `Behind ${number}` }));
    await importDossiers(test.database, { listId: list, dossiers });
    expect(await find(list, 'behind')).toMatchObject({ total: 0, behind: [{ list_id: list, done: 0, total: 1500 }] });
    await updateSearchIndex(test.database);
    expect(await find(list, 'behind')).toMatchObject({ total: 500, more: true, behind: [] });
  });

  it('need not have what lists wrote since, up to four hundred dossiers of them all; then the lists that wrote most say so', async () => {
    const lists: number[] = [];
    for (const count of [150, 200, 100]) {
      const listId = await makeList(`wrote ${count}`);
      const dossiers = Array.from({ length: count }, (_, number) => ({ ...imported, externalId: null, name: `Recent ${count} ${number}` }));
      await importDossiers(test.database, { listId, dossiers });
      lists.push(listId);
    }
    const search = { filter: { lists }, offset: 0, limit: 1 };
    const found = await searchDossiers(test.database, { ...search, text: 'recent' });
    expect(found).toMatchObject({ total: 250, behind: [{ list_id: lists[1], done: 0, total: 200 }] });
    expect(await searchDossiers(test.database, { ...search, text: 'rcent 149' })).toMatchObject({ total: 1 });
    await updateSearchIndex(test.database);
    expect(await searchDossiers(test.database, { ...search, text: 'recent' })).toMatchObject({ total: 450, behind: [] });
  });

  it('is waited for where few dossiers say very much', async () => {
    const list = await makeList('long');
    const words = (from: number): string => Array.from({ length: 1000 }, (_, number) => `word${from + number}`).join(' ');
    const dossiers = Array.from({ length: 50 }, (_, at) => ({
      ...imported,
      externalId: null,
      name: `Long ${at}`,
      comment: words(at * 1000),
    }));
    await importDossiers(test.database, { listId: list, dossiers });
    expect(await find(list, 'long')).toMatchObject({ total: 0, behind: [{ list_id: list, done: 0, total: 50 }] });
    await updateSearchIndex(test.database);
    expect(await find(list, 'long')).toMatchObject({ total: 50, behind: [] });
  });

  it('follows additions, changes, deletions and purges; and what it does not know yet is found and not found all the same', async () => {
    const list = await makeList('followed');
    const id = await make(list, { name: 'Earlier Name', comment: 'unique-word-erased' });
    await updateSearchIndex(test.database);
    for (const indexed of [false, true]) {
      const other = indexed ? 'Later Name' : 'Middle Name';
      await updateDossier(test.database, id, { name: other, comment: '' });
      if (indexed) await updateSearchIndex(test.database);
      expect([await namesFound(list, 'earlier'), await namesFound(list, other)]).toEqual([[], [other]]);
    }
    const gone = await make(list, { name: 'Vanishing Vasya' });
    expect(await namesFound(list, 'vanishing')).toEqual(['Vanishing Vasya']);
    await updateSearchIndex(test.database);
    await deleteDossier(test.database, gone, { binnedBy: null });
    expect(await namesFound(list, 'vanishing')).toEqual([]);
    await updateSearchIndex(test.database);
    await purgeWatchList(test.database, list, { binnedBy: null });
    expect(await namesFound(list, 'later')).toEqual([]);
    await updateSearchIndex(test.database);
    const left = await query(
      test.database,
      `select word from search_terms where word in ('earlier', 'vanishing', 'vasya', 'erased', 'middle', 'later')
       union all select words::text from search_rows where words @@ 'earlier | vanishing | later | .erased'`,
    );
    expect(left).toEqual([]);
  });

  it('holds no rows of sets that no list points at, and begins anew where a list is pointed back', async () => {
    const list = await makeList('pointed');
    await make(list, { name: 'Pointed Person' });
    await updateSearchIndex(test.database);
    const [before] = await query<{ set_id: number }>(test.database, `select set_id from list_positions where list_id = :list`, { list });
    await test.database.transaction(async (tx) => {
      await lockLists(tx, [list]);
      await emptyList(tx, list);
    });
    await updateSearchIndex(test.database);
    expect(await query(test.database, `select from search_rows where set_id = :set`, { set: before?.set_id })).toEqual([]);
    await query(test.database, `update list_positions set set_id = :set, dossier_count = 1 where list_id = :list`, {
      list,
      set: before?.set_id,
    });
    expect(await namesFound(list, 'pointed')).toEqual(['Pointed Person']);
    await updateSearchIndex(test.database);
    expect(await namesFound(list, 'pointed')).toEqual(['Pointed Person']);
  });
});

describe('without pg_trgm', () => {
  it('words, beginnings and sounds are found, and the answer says that typing errors are not; "migrate" brings them', async () => {
    const list = await makeList('plain');
    await make(list, { name: 'Mohammed Kowalski' });
    await updateSearchIndex(test.database);
    await query(test.database, `drop extension pg_trgm cascade`);
    expect(await find(list, 'kowal')).toMatchObject({ total: 1, forgiving: false });
    expect(await namesFound(list, 'muhammad')).toEqual(['Mohammed Kowalski']);
    expect(await namesFound(list, 'kpwalski')).toEqual([]);
    await query(test.database, `select provide_trigrams()`);
    expect(await find(list, 'kpwalski')).toMatchObject({ total: 1, forgiving: true });
  });

  it('a role that may make no extension migrates', async () => {
    await query(test.database, `drop extension pg_trgm cascade`);
    await query(test.database, `create role "${test.url.split('_').at(-1)}"`);
    await test.database.transaction(async (tx) => {
      await tx.raw(`set local role "${test.url.split('_').at(-1)}"`);
      expect((await tx.raw<{ rows: unknown[] }>(`select provide_trigrams() as done`)).rows).toEqual([{ done: false }]);
    });
    await query(test.database, `drop role "${test.url.split('_').at(-1)}"`);
    await query(test.database, `select provide_trigrams()`);
  });
});
