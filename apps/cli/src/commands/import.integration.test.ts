import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { createCommandHost } from '../../../../test/kit/executable.ts';

const host = await createCommandHost();
afterAll(() => host.remove());
const { test, folder, dossier } = host;

describe('dossier import', () => {
  it('makes a list, reports, and ends with 1 if a line was refused', async () => {
    await writeFile(
      join(folder, 'people.jsonl'),
      '{"external_id":"a","name":"Ada"}\n{"external_id":"b"}\n{"external_id":"c","name":"Eve"}\n',
    );
    const first = await dossier(['import', 'people.jsonl', '--name', 'People', '--json']);
    const report = JSON.parse(first.out) as { dossier_list: number };
    expect(report).toMatchObject({
      name: 'People',
      lines: 3,
      added: 2,
      changed: 0,
      unchanged: 0,
      refused: 1,
      refused_lines: [{ line: 2, reason: 'name: is missing' }],
    });
    expect(first.code).toBe(1);
    const again = await dossier(['import', String(report.dossier_list), 'people.jsonl']);
    expect(again.out).toContain('line 2 refused: name: is missing\n');
    expect(again.out).toContain('0 added, 0 changed, 2 unchanged, 1 refused');
    expect(again.code).toBe(1);
    const piped = await dossier(['import', String(report.dossier_list), '-'], { input: '{"external_id":"a","name":"Ada L."}' });
    expect([piped.code, piped.out]).toEqual([0, expect.stringContaining('0 added, 1 changed, 0 unchanged, 0 refused')]);
  });

  it('warns in a dry run of people without external_id who are in the list already', async () => {
    const input = '{"name":"Ada"}\n{"name":"Bob"}\n';
    const { out: made } = await dossier(['import', '--name', 'Doubles', '-', '--json'], { input });
    const list = (JSON.parse(made) as { dossier_list: number }).dossier_list;
    const dry = await dossier(['import', String(list), '-', '--dry-run'], { input: `${input}{"name":"Eve"}\n` });
    expect(dry.out).toContain('Warning: 2 lines without external_id');
    expect(dry.out).toContain('(Ada in line 1, Bob in line 2): they would be there twice. Take them out of the file');
    const json = await dossier(['import', String(list), '-', '--dry-run', '--json'], { input });
    expect(JSON.parse(json.out)).toMatchObject({ added: 2, doubles: { count: 2, rows: [{ line: 1, name: 'Ada' }, { line: 2 }] } });
  });

  it('names columns that are no fields before it keeps them, warns of ids, reads as it is told, and gives back what it refused', async () => {
    const rows = Buffer.concat([
      Buffer.from('nr;who;born;x\n1.2E+15;'),
      Buffer.of(0xcf, 0xe5, 0xf2, 0xf0),
      Buffer.from(';1815;y\n7;Bob;1900;\n7;;1901;\n'),
    ]);
    await writeFile(join(folder, 'odd.csv'), rows);
    const { out: made } = await dossier(['import', '--name', 'Odd', '-', '--json'], { input: '{"external_id":"7","name":"Bob"}\n' });
    const list = (JSON.parse(made) as { dossier_list: number }).dossier_list;
    const reading = [
      '--encoding',
      'windows-1251',
      '--delimiter',
      ';',
      '--column',
      'nr=external_id',
      '--column',
      'who=name',
      '--column',
      'x=',
    ];
    const dry = await dossier(['import', String(list), 'odd.csv', ...reading, '--dry-run']);
    expect(dry.err).toContain('No fields of a dossier are: born. They are kept in meta');
    expect(dry.out).toContain('1 external_id looks as if a spreadsheet had rounded them (1.2E+15 in line 2)');
    expect(dry.out).toContain('1 added, 1 changed, 0 unchanged, 1 refused');
    expect(dry.out).toContain('nothing was changed');
    const contentOf = () =>
      query(test.database, `select name, external_id, meta from current_dossiers where list_id = :list order by id`, { list });
    expect(await contentOf()).toEqual([{ name: 'Bob', external_id: '7', meta: {} }]);
    expect((await dossier(['import', String(list), 'odd.csv', ...reading, '--refused', 'refused.csv'])).code).toBe(1);
    expect(await contentOf()).toEqual([
      { name: 'Bob', external_id: '7', meta: { born: '1900' } },
      { name: 'Петр', external_id: '1.2E+15', meta: { born: '1815' } },
    ]);
    expect(await readFile(join(folder, 'refused.csv'), 'utf8')).toBe(
      '\ufeffrefused_line,refused_reason,nr,who,born,x\r\n4,name: is missing,7,,1901,\r\n',
    );
    expect((await dossier(['import', String(list), 'odd.csv', '--column', 'who=nonsense'])).code).toBe(2);
    const dropped = await dossier(['import', String(list), 'odd.csv', ...reading, '--drop-unknown', '--json']);
    expect(JSON.parse(dropped.out)).toMatchObject({
      unchanged: 2,
      columns: expect.arrayContaining([{ name: 'born', as: '', known: false, rows: 3 }]),
    });
  });

  it('lets nothing of files and names reach the terminal that could drive it', async () => {
    const name = 'Evil\u001b[2J\u009b31m\u202e';
    await writeFile(join(folder, 'evil\u001b]0;owned\u0007.jsonl'), '{"name":"\u001b[2J\n\u009b31m"\n{"name":"Ada\u009b31m"}\n');
    const file = 'evil\u001b]0;owned\u0007.jsonl';
    const made = await dossier(['import', file, '--name', name]);
    const asJson = await dossier(['import', file, '--name', name, '--json']);
    const missing = await dossier(['import', '--name', 'x', 'missing\u001b[2J\u009b.jsonl']);
    const unknown = await dossier(['import\u001b[2J\u009b']);
    const value = await dossier(['status', '--url', 'http\u001b[2J\u009b://x', '--token', 'x']);
    for (const { out, err } of [made, asJson, missing, unknown, value]) {
      expect(`${out}${err}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect([made.err, made.out]).toEqual([expect.stringContaining('evil'), expect.stringContaining('line 1 refused')]);
    // What is escaped is not lost.
    expect(JSON.parse(asJson.out)).toMatchObject({ name, added: 1, refused: 2 });
    expect([missing.code, unknown.code, value.code]).toEqual([1, 2, 2]);
  });

  it('takes the same external_id in two lists for two people, and changes nobody in the other', async () => {
    const importOf = (name: string, where: string[]) =>
      dossier(['import', ...where, '-', '--json'], { input: `{"external_id":"1","name":"${name}","valid_until":"2026-12-31"}\n` });
    const lists: number[] = [];
    for (const name of ['Ada', 'Bob']) {
      const { out } = await importOf(name, ['--name', `List of ${name}`]);
      expect(JSON.parse(out)).toMatchObject({ added: 1, changed: 0 });
      lists.push((JSON.parse(out) as { dossier_list: number }).dossier_list);
    }
    const rowsOf = (list: number | undefined): Promise<object[]> =>
      query(test.database, `select name, valid_until::text, revision, id from current_dossiers where list_id = :list`, { list });
    const before = await rowsOf(lists[0]);
    expect(before).toMatchObject([{ name: 'Ada', valid_until: '2026-12-31' }]);
    expect(JSON.parse((await importOf('Bobby', [String(lists[1])])).out)).toMatchObject({ added: 0, changed: 1 });
    expect(await rowsOf(lists[1])).toMatchObject([{ name: 'Bobby' }]);
    expect(await rowsOf(lists[0])).toEqual(before);
  });

  it('makes no list of a file in which nothing can be used', async () => {
    const { code, out } = await dossier(['import', '--name', 'Nothing', '-', '--json'], { input: 'a,b\nc,d\n' });
    expect([code, JSON.parse(out)]).toEqual([1, expect.objectContaining({ dossier_list: null, added: 0, refused: 2 })]);
    expect(await query(test.database, `select from watch_lists where name = 'Nothing'`)).toEqual([]);
  });

  it.each([
    ['with nothing in it', '', 0],
    ['in which nothing can be used', '{"external_id":"x"}\n', 1],
  ])('says of a file %s only that no list was made', async (_, input, exitCode) => {
    const { code, out, err } = await dossier(['import', '--name', 'Nothing', '-'], { input });
    expect([code, err]).toEqual([exitCode, '']);
    expect(out).toContain('No watch list was made, since the file holds nothing that can be imported: 0 added');
    expect(await query(test.database, `select from watch_lists where name = 'Nothing'`)).toEqual([]);
  });

  it('says which list it has made as soon as there is something in it', async () => {
    const { err, out } = await dossier(['import', '--name', 'Something', '-'], { input: '{"name":"Ada"}\n' });
    const id = /^Made watch list (\d+); if this is interrupted/.exec(err)?.[1];
    expect(out).toContain(`Watch list ${id} (Something): 1 added`);
  });

  it('leaves no list behind if the import ends before anything is in it', async () => {
    const name = 'Broken';
    await query(
      test.database,
      `create function break_off() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$`,
    );
    await query(test.database, `create trigger break_off before insert on dossiers for each statement execute function break_off()`);
    try {
      expect((await dossier(['import', '--name', name, '-'], { input: '{"name":"Ada"}\n' })).code).toBe(1);
      expect(await query(test.database, `select from watch_lists where name = :name`, { name })).toEqual([]);
    } finally {
      await query(test.database, `drop function break_off() cascade`);
    }
  });

  it.each([
    [['import', '999999', 'people.jsonl'], 'There is no watch list 999999'],
    [['import', '--name', 'x', 'missing.jsonl'], 'missing.jsonl is not there. Nothing was imported'],
    [['import', '--name', 'x', '.'], 'is a folder'],
    [['import', '--name', 'x', 'people.jsonl', '--photos', 'missing'], 'missing is not there'],
  ])('ends with 1: %j', async (parameters, sentence) => {
    const { code, out, err } = await dossier(parameters);
    expect(err).toContain(sentence);
    expect([code, out]).toEqual([1, '']);
  });
});
