import { randomUUID } from 'node:crypto';
import { BlobReader, BlobWriter, TextReader, TextWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import type { FileEntry } from '@zip.js/zip.js';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierPageSchema, dossierSchema } from '@dossier/protocol/dossier.ts';
import { importColumnsSchema, importEntrySchema, importReportSchema } from '@dossier/protocol/import.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
let red: Buffer;
let blue: Buffer;

beforeAll(async () => {
  node = await startNodeApi();
  [red, blue] = (await Promise.all(
    ['red', 'blue'].map((background) =>
      sharp({ create: { width: 8, height: 6, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )) as [Buffer, Buffer];
});
afterAll(() => node.stop());

type Body = string | Uint8Array | FormData | Blob;

async function send(list: number, parameters: Record<string, string>, body: Body, type = 'application/octet-stream') {
  const answer = await fetch(`${node.url}/dossier-lists/${list}/import/?${new URLSearchParams(parameters).toString()}`, {
    method: 'POST',
    body: body instanceof Uint8Array ? new Uint8Array(body) : body,
    headers: { authorization: `Token ${node.tokens.operator}`, ...(body instanceof FormData ? {} : { 'content-type': type }) },
  });
  const text = await answer.text();
  expect([answer.status, text]).toEqual([200, expect.any(String)]);
  return importReportSchema.parse(JSON.parse(text));
}

async function look(list: number, parameters: Record<string, string>, body: string | Uint8Array) {
  const path = `/dossier-lists/${list}/import/columns/?${new URLSearchParams(parameters).toString()}`;
  const answer = await node.call('POST', path, {
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': 'application/octet-stream' },
    role: 'operator',
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return importColumnsSchema.parse(answer.json);
}

interface Content {
  external_id: string | null;
  name: string;
  meta: Record<string, unknown>;
  photos: string[];
}

function contentOf(list: number): Promise<Content[]> {
  return query<Content>(
    node.test.database,
    `select external_id, name, comment, active, valid_from::text, valid_until::text, meta, (select coalesce(json_agg(p->>'sha256'), '[]') from json_array_elements(photos) p) as photos
     from current_dossiers where list_id = :list order by id`,
    { list },
  );
}

describe('a look at a file', () => {
  it('says what its columns are taken for, with samples, and changes nothing', async () => {
    const list = await node.makeList();
    const seen = await look(list, {}, 'ID;Name;born;;Remark\n1.23E+15;Ada;1815;x;\n7;Bob;1900;;\n7;Eve;1901;;\n');
    expect(seen).toMatchObject({ format: 'csv', encoding: 'utf-8', delimiter: 'semicolon', rows: 3 });
    expect(seen.columns).toMatchObject([
      { name: 'ID', as: 'external_id', known: true, rows: 3, samples: ['1.23E+15', '7'] },
      { name: 'Name', as: 'name', known: true, samples: ['Ada', 'Bob', 'Eve'] },
      { name: 'born', as: 'meta.born', known: false, rows: 3 },
      { name: 'column 4', as: 'meta.column 4', known: false, rows: 1 },
      { name: 'Remark', as: 'meta.Remark', known: false, rows: 0 },
    ]);
    expect(seen.warnings).toMatchObject({
      scientific_ids: { count: 1, rows: [{ line: 2, external_id: '1.23E+15' }] },
      repeated_ids: { count: 1, rows: [{ line: 4, external_id: '7', first: 3 }] },
    });
    expect(await contentOf(list)).toEqual([]);
  });

  it('works on a header without a name, on a piece of a file, and as people say it is written', async () => {
    const list = await node.makeList();
    const seen = await look(list, {}, 'ФИО,дата\nАда,1815\nБо');
    expect(seen.columns.map(({ name, as }) => [name, as])).toEqual([
      ['ФИО', 'meta.ФИО'],
      ['дата', 'meta.дата'],
    ]);
    const windows = Uint8Array.of(0xd4, 0xc8, 0xce, 0x7c, 0x69, 0x64, 0x0a, 0xc0, 0x7c, 0x31, 0x0a);
    const said = await look(list, { encoding: 'windows-1251', delimiter: 'bar', columns: '{"ФИО":"name"}' }, windows);
    expect(said.columns).toMatchObject([
      { name: 'ФИО', as: 'name', samples: ['А'] },
      { name: 'id', as: 'external_id' },
    ]);
    expect((await look(list, {}, '')).rows).toBe(0);
    await node.refused('UNSUPPORTED_MEDIA_TYPE', ['POST', `/dossier-lists/${list}/import/columns/?encoding=klingon`, 'name\nAda\n']);
    await node.refused(
      'BAD_PARAM',
      ['POST', `/dossier-lists/${list}/import/columns/?columns=${encodeURIComponent('{"a":"nonsense"}')}`, 'name\n'],
      'columns',
    );
  });
});

describe('columns that are no field of a dossier', () => {
  it('are named and kept beside what is known, and left out only where somebody says so', async () => {
    const list = await node.makeList();
    const csv = 'external_id,name,born,born,nation\na,Ada,1815,London,\nb,Bob,1900,,GB\n';
    await send(list, {}, '{"external_id":"b","name":"Bob","meta":{"height":181,"born":"?"}}\n');
    const report = await send(list, {}, csv);
    expect(report.columns.filter(({ known }) => !known)).toMatchObject([
      { name: 'born', as: 'meta.born', rows: 2 },
      { name: 'born (2)', as: 'meta.born (2)', rows: 1 },
      { name: 'nation', as: 'meta.nation', rows: 1 },
    ]);
    expect((await contentOf(list)).map(({ meta }) => meta)).toEqual([
      { height: 181, born: '1900', nation: 'GB' },
      { born: '1815', 'born (2)': 'London' },
    ]);
    expect(await send(list, {}, csv)).toMatchObject({ unchanged: 2 });
    const other = await node.makeList();
    await send(other, { unknown: 'drop', columns: '{"nation":"comment"}' }, csv);
    expect(await contentOf(other)).toMatchObject([
      { meta: {}, comment: '' },
      { meta: {}, comment: 'GB' },
    ]);
    const json = await send(other, {}, '{"external_id":"a","name":"Ada","born":1815,"nation":null}\n');
    expect(json.columns).toContainEqual({ name: 'born', as: 'meta.born', known: false, rows: 1 });
    expect((await contentOf(other))[0]?.meta).toEqual({ born: 1815 });
  });

  it('that are named but not there are told of, and nothing is imported', async () => {
    const list = await node.makeList();
    const report = await send(list, { columns: '{"Nme":"name"}' }, 'name\nAda\n');
    expect(report).toMatchObject({ added: 0, refused: 1, refusals: [{ line: 1, reason: expect.stringContaining('no column "Nme"') }] });
  });
});

describe('photos', () => {
  const lines =
    '{"external_id":"r","name":"Red","photo":"faces/red.png"}\n{"external_id":"b","name":"Blue","photos":["blue.png","faces/red.png"]}\n';

  async function zipOf(files: Record<string, string | Buffer>): Promise<Blob> {
    const writer = new ZipWriter(new BlobWriter('application/zip'));
    for (const [name, content] of Object.entries(files)) {
      await writer.add(name, typeof content === 'string' ? new TextReader(content) : new BlobReader(new Blob([new Uint8Array(content)])));
    }
    return writer.close();
  }

  it('come from a folder that a form brings, from a zip beside the file, or from one zip of all', async () => {
    const folder = new FormData();
    folder.append('file', new Blob([lines]), 'people.jsonl');
    folder.append('photos', new Blob([new Uint8Array(red)]), 'people/faces/red.png');
    folder.append('photos', new Blob([new Uint8Array(blue)]), 'people/blue.png');
    const beside = new FormData();
    beside.append('file', new Blob([lines]), 'people.jsonl');
    beside.append('photos', await zipOf({ 'faces/red.png': red, 'blue.png': blue, '__MACOSX/._blue.png': 'x' }), 'photos.zip');
    const whole = await zipOf({ 'export/blue.png': blue, 'export/faces/red.png': red, 'export/people.jsonl': lines });
    for (const body of [folder, beside, whole]) {
      const list = await node.makeList();
      expect(await send(list, { preview: 'true' }, body)).toMatchObject({ added: 2, refused: 0 });
      expect(await contentOf(list)).toEqual([]);
      expect(await send(list, {}, body)).toMatchObject({ added: 2, refused: 0 });
      expect((await contentOf(list)).map(({ photos }) => photos.length)).toEqual([1, 2]);
    }
  });

  it('that are missing, lead elsewhere or are broken refuse their line', async () => {
    const list = await node.makeList();
    const people = ['missing.png', '../red.png', 'broken.png', 'red.png']
      .map((photo) => `${JSON.stringify({ name: photo, photo })}\n`)
      .join('');
    const report = await send(list, {}, await zipOf({ 'people.jsonl': people, 'red.png': red, 'broken.png': 'no photo' }));
    expect(report).toMatchObject({ added: 1, refused: 3 });
    expect(report.refusals.map(({ reason }) => reason)).toEqual([
      'the photo "missing.png" is not there',
      'the photo "../red.png" lies outside of the folder of the photos',
      expect.stringContaining('the photo "broken.png": '),
    ]);
  });

  it('go out with their list and come in again byte by byte', async () => {
    const list = await node.makeList();
    await send(list, {}, await zipOf({ 'people.jsonl': lines, 'blue.png': blue, 'faces/red.png': red }));
    const file = await fetch(`${node.url}/dossier-lists/${list}/export/?format=zip`, {
      headers: { authorization: `Token ${node.tokens.viewer}` },
    });
    expect([file.status, file.headers.get('content-type')]).toEqual([200, 'application/zip']);
    const zip = await file.blob();
    const entries = await new ZipReader(new BlobReader(zip)).getEntries();
    expect(entries.map(({ filename }) => filename.slice(0, 7))).toEqual(['people.', 'photos/', 'photos/']);
    const people = await (entries[0] as FileEntry).getData(new TextWriter());
    expect(people.split('\n')).toHaveLength(3);
    const other = await node.makeList();
    expect(await send(other, {}, zip)).toMatchObject({ added: 2, refused: 0 });
    expect(await contentOf(other)).toEqual(await contentOf(list));
    expect(await send(other, {}, zip)).toMatchObject({ unchanged: 2 });
  });

  it('in a zip that is broken, locked or without people are refused whole', async () => {
    const list = await node.makeList();
    const whole = new Uint8Array(await (await zipOf({ 'people.jsonl': lines, 'red.png': red })).arrayBuffer());
    await node.refused('BAD_PARAM', ['POST', `/dossier-lists/${list}/import/`, whole.subarray(0, whole.length - 30)]);
    const without = new Uint8Array(await (await zipOf({ 'red.png': red })).arrayBuffer());
    await node.refused('UNSUPPORTED_MEDIA_TYPE', ['POST', `/dossier-lists/${list}/import/`, without]);
    expect(await contentOf(list)).toEqual([]);
  });
});

describe('the history of imports', () => {
  it('tells who imported which file, when, and what came of it, and joins the history of the dossiers', async () => {
    const list = await node.makeList('Remembered');
    const uuid = randomUUID();
    const report = await send(list, { import: uuid, file: 'people.csv', columns: '{"who":"name"}' }, 'who,id\nAda,1\n,2\n"Bob,3\n');
    expect(report).toMatchObject({ import: uuid, added: 1, refused: 2 });
    const found = await node.want(200, pageOf(importEntrySchema), ['GET', `/imports/?dossier_list=${list}`]);
    expect(found.results).toMatchObject([
      {
        import: uuid,
        dossier_list: { id: list, name: 'Remembered' },
        actor: 'operator',
        file: 'people.csv',
        reading: { format: 'csv', encoding: 'utf-8', delimiter: ',', columns: { who: 'name' }, unknown: 'keep' },
        state: 'done',
        lines: 3,
        added: 1,
        refused: 2,
        kept_refusals: 2,
      },
    ]);
    const made = await query(
      node.test.database,
      `select kind from history where audit_id = :audit and object <> (select uuid from watch_lists where id = :list)`,
      {
        audit: found.results[0]?.audit,
        list,
      },
    );
    expect(made).toEqual([{ kind: 'made' }]);
    expect(
      (await node.call('POST', `/dossier-lists/${list}/import/?import=${uuid}`, { body: 'name\nEve\n', role: 'operator' })).status,
    ).toBe(409);
    expect(await contentOf(list)).toHaveLength(1);
  });

  it('gives back refused rows as a file that is imported once it is corrected', async () => {
    const list = await node.makeList();
    const csv = await send(list, { unknown: 'keep' }, 'external_id,name,born\n1,Ada,1815\n2,,1900\n3,=SUM(A1),1901,x\n');
    const file = await node.call('GET', `/imports/${csv.import ?? ''}/refused/`, { role: 'operator' });
    expect(file.text).toBe(
      'refused_line,refused_reason,external_id,name,born,column 4\r\n3,name: is missing,2,,1900,\r\n4,"has 4 fields, more than the 3 of the header",3,\'=SUM(A1),1901,x\r\n',
    );
    const corrected = file.text.replace(',2,,1900', ',2,Bob,1900');
    expect(await send(list, {}, corrected)).toMatchObject({ added: 2, refused: 0 });
    expect(await contentOf(list)).toMatchObject([
      { meta: { born: '1815' } },
      { name: 'Bob', meta: { born: '1900' } },
      { name: '=SUM(A1)', meta: { 'column 4': 'x' } },
    ]);
    const json = await send(list, {}, '{"external_id":"4","comment":"x"}\nnonsense\n');
    const lines = await node.call('GET', `/imports/${json.import ?? ''}/refused/`, { role: 'operator' });
    expect(lines.text).toBe(
      '{"refused_line":1,"refused_reason":"name: is missing","external_id":"4","comment":"x"}\n{"refused_line":2,"refused_reason":"is no JSON object","refused_text":"nonsense"}\n',
    );
    expect((await node.call('GET', `/imports/${json.import ?? ''}/refused/`, { role: 'viewer' })).status).toBe(403);
    await node.refused('NOT_FOUND', ['GET', `/imports/${randomUUID()}/`]);
  });

  it('knows both of two that run at once into one list', async () => {
    const list = await node.makeList();
    const people = (by: string) =>
      Array.from({ length: 4500 }, (_, at) => `${JSON.stringify({ external_id: `p-${at}`, name: `Person ${at}`, by })}\n`).join('');
    const reports = await Promise.all([send(list, {}, people('one')), send(list, {}, people('two'))]);
    expect(reports.map(({ added, changed, unchanged }) => added + changed + unchanged)).toEqual([4500, 4500]);
    expect(await contentOf(list)).toHaveLength(4500);
    const found = await node.want(200, pageOf(importEntrySchema), ['GET', `/imports/?dossier_list=${list}`]);
    expect(found.results.map(({ state, lines }) => [state, lines])).toEqual([
      ['done', 4500],
      ['done', 4500],
    ]);
  });
});

describe('an export', () => {
  it('of a search or filter holds what is found, logs who was shown and is audited', async () => {
    const list = await node.makeList('Logged');
    await query(node.test.database, `update watch_lists set log_reads = true where id = :list`, { list });
    await send(
      list,
      {},
      '{"external_id":"s1","name":"=Mallory","comment":"x"}\n{"external_id":"s2","name":"Mallory Two","active":false}\n{"name":"Trent"}\n',
    );
    const csv = await node.call('GET', `/dossiers/export/?dossier_lists=${list}&name_contains=mallory&active=true&format=csv`, {
      role: 'viewer',
    });
    expect(csv.text).toBe("external_id,name,comment,active,valid_from,valid_until,meta\r\ns1,'=Mallory,x,true,none,none,{}\r\n");
    const found = await node.call('GET', `/dossiers/export/?dossier_lists=${list}&q=malory`, { role: 'viewer' });
    expect(found.text.trimEnd().split('\n')).toHaveLength(2);
    const reads = await query<{ kind: string; dossiers: string[] }>(
      node.test.database,
      `select kind, dossiers from reads where list_id = :list`,
      { list },
    );
    expect(reads.map(({ kind, dossiers }) => [kind, dossiers.length])).toEqual([
      ['export', 1],
      ['export', 2],
    ]);
    const audit = await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=search-exported']);
    expect(audit.results[1]?.details).toMatchObject({
      format: 'csv',
      filters: expect.arrayContaining(['name_contains']),
      dossier_lists: [list],
    });
    await node.refused('BAD_PARAM', ['GET', '/dossiers/export/?threshold=1'], 'threshold');
  });

  it('of a search that finds more than is ranked is refused rather than cut', async () => {
    const list = await node.makeList();
    await send(list, {}, Array.from({ length: 600 }, (_, at) => `{"name":"Zacharias ${at}"}\n`).join(''));
    const path = `/dossiers/export/?q=zacharias&dossier_lists=${list}`;
    const answer = await node.call('GET', path);
    expect([400, 503]).toContain(answer.status);
    expect(answer.text).toContain('would not be whole');
    const all = await node.call('GET', `/dossiers/export/?name_contains=zacharias&dossier_lists=${list}&ordering=-name`);
    expect(all.text.trimEnd().split('\n')).toHaveLength(600);
  });

  it('of a selection has those who are named, in that order and each once, or nobody', async () => {
    const list = await node.makeList();
    const other = await node.makeList();
    await send(list, {}, '{"external_id":"n1","name":"Ada"}\n{"external_id":"n2","name":"Bob"}\n{"external_id":"n3","name":"Eve"}\n');
    const idOf = async (name: string): Promise<number> =>
      (await node.want(200, dossierPageSchema, ['GET', `/dossiers/?dossier_lists=${list}&name_contains=${name}`])).results[0]?.id ?? 0;
    const [ada, bob, eve] = [await idOf('Ada'), await idOf('Bob'), await idOf('Eve')];
    await node.want(200, dossierSchema, ['PATCH', `/dossiers/${eve}/`, { dossier_lists: [list, other] }]);
    const ask = (body: object) => node.call('POST', '/dossiers/export/', { body, role: 'viewer' });
    const jsonl = await ask({ dossiers: [eve, ada, eve] });
    expect(
      jsonl.text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as Content).name),
    ).toEqual(['Eve', 'Ada']);
    const csv = await ask({ dossiers: [bob], format: 'csv' });
    expect(csv.text).toBe('external_id,name,comment,active,valid_from,valid_until,meta\r\nn2,Bob,,true,none,none,{}\r\n');
    const audit = await node.want(200, pageOf(auditEntrySchema), ['GET', '/audit/?action=selection-exported']);
    expect(audit.results[0]?.details).toEqual({ format: 'csv', dossiers: 1 });
    await node.call('DELETE', `/dossiers/${bob}/`);
    const gone = await ask({ dossiers: [ada, bob] });
    expect([gone.status, gone.text]).toEqual([404, expect.stringContaining(`Not all of these dossiers are here any more: ${bob}`)]);
    expect((await ask({ dossiers: [] })).status).toBe(400);
  });

  it('of dossiers that are deleted or changed while they are read is broken off rather than cut', async () => {
    const list = await node.makeList();
    await send(list, {}, '{"external_id":"b1","name":"Ada"}\n{"external_id":"b2","name":"Bob"}\n');
    const page = await node.want(200, dossierPageSchema, ['GET', `/dossiers/?dossier_lists=${list}`]);
    const dossiers = page.results.map(({ id }) => id);
    const { database } = node.test;
    /** Asks, and does this before the dossiers are read. */
    const interrupted = async (ask: () => Promise<unknown>, sql: string): Promise<unknown> => {
      const { asked } = await transaction(database, async (tx) => {
        await query(tx, `lock table reads in share mode`);
        const answer = ask().catch(() => 'broken off');
        const waiting = `select from pg_locks where relation = 'reads'::regclass and database = (select oid from pg_database where datname = current_database()) and not granted`;
        await expect.poll(() => query(database, waiting)).toHaveLength(1);
        await query(database, sql, { list });
        return { asked: answer };
      });
      return asked;
    };
    const search = () => node.call('GET', `/dossiers/export/?dossier_lists=${list}`);
    expect(await interrupted(search, `update dossiers set comment = 'Changed' where set_id = set_of(:list) and name = 'Ada'`)).toBe(
      'broken off',
    );
    const selection = () => node.call('POST', '/dossiers/export/', { body: { dossiers } });
    expect(await interrupted(selection, `delete from dossiers where set_id = set_of(:list) and name = 'Bob'`)).toBe('broken off');
    expect((await node.call('GET', `/dossiers/export/?dossier_lists=${list}`)).text.trimEnd().split('\n')).toHaveLength(1);
  });

  it('of the audit is a file for administrators, which begins with itself', async () => {
    const csv = await node.call('GET', '/audit/export/?format=csv&action=audit-exported');
    const [header, first] = csv.text.split('\r\n');
    expect(header).toBe('id,date,actor,via,address,action,object_kind,object_id,object_uuid,object_name,details,before,after');
    expect(first).toContain(',audit-exported,audit,');
    const lines = await node.call('GET', '/audit/export/');
    for (const line of lines.text.trimEnd().split('\n')) auditEntrySchema.parse(JSON.parse(line));
    expect((await node.call('GET', '/audit/export/', { role: 'operator' })).status).toBe(403);
  });
});

it('a preview counts who is in the list already and would be there twice, as nothing in the file says that it is them', async () => {
  const list = await node.makeList();
  const file =
    '{"name":"Ada","valid_until":"2030-01-01","meta":{"door":"2"}}\n{"name":"Bob"}\n{"external_id":"e1","name":"Eve"}\n{"name":"Ada"}\n{"name":"ada"}\n';
  const preview = (body: string) => send(list, { preview: 'true' }, body);
  expect((await preview(file)).warnings.doubles).toEqual({ count: 0, rows: [] });
  const written = await send(list, {}, file);
  expect(written).toMatchObject({ added: 5 });
  // Nobody looked.
  expect(written.warnings).not.toHaveProperty('doubles');
  const again = await preview(`${file}{"name":"Ada","valid_until":"2031-01-01"}\n{"name":"Carl"}\n`);
  expect(again).toMatchObject({ added: 6, unchanged: 1 });
  expect(again.warnings.doubles).toEqual({
    count: 4,
    rows: [
      { line: 1, name: 'Ada' },
      { line: 2, name: 'Bob' },
      { line: 4, name: 'Ada' },
      { line: 5, name: 'ada' },
    ],
  });
});

it('a preview of many names that stand for nobody takes seconds, however many of them the list has', async () => {
  const list = await node.makeList();
  await query(
    node.test.database,
    `insert into dossiers (set_id, name, meta) select set_of(:list), 'Unknown', json_build_object('n', n) from generate_series(1, 20000) n`,
    { list },
  );
  const started = performance.now();
  expect(await send(list, { preview: 'true' }, '{"name":"Unknown"}\n'.repeat(4000))).toMatchObject({
    added: 4000,
    warnings: { doubles: { count: 0 } },
  });
  expect(performance.now() - started).toBeLessThan(10_000);
});

it('takes the columns of OpenSanctions: the key, the name, and the others as fields', async () => {
  const list = await node.makeList();
  const csv =
    '"id","schema","name","aliases","birth_date","countries","addresses","identifiers","sanctions","phones","emails","dataset","first_seen","last_seen","last_change"\n' +
    '"NK-22","Person","Pyotr ""P"" Ivanov","Пётр Иванов;P. Ivanov","1962-07-01;1963","ru","","","SDN","","","US OFAC","2021-10-01T00:00:00","2026-01-01T00:00:00","2025-01-01T00:00:00"\n';
  expect(await send(list, {}, csv)).toMatchObject({ added: 1, refused: 0 });
  expect(await send(list, {}, csv)).toMatchObject({ added: 0, unchanged: 1 });
  expect(await contentOf(list)).toMatchObject([
    {
      external_id: 'NK-22',
      name: 'Pyotr "P" Ivanov',
      meta: { schema: 'Person', aliases: 'Пётр Иванов;P. Ivanov', birth_date: '1962-07-01;1963', countries: 'ru', dataset: 'US OFAC' },
    },
  ]);
});
