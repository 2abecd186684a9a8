import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { importReportSchema, maximumImportBytes } from '@dossier/protocol/import.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

interface Dossier {
  external_id: string | null;
  name: string;
  comment: string;
  active: boolean;
  meta: unknown;
}

async function contentOf(list: number): Promise<Dossier[]> {
  return query<Dossier>(
    node.test.database,
    `select d.external_id, d.name, d.comment, d.active, d.meta from dossiers d where d.set_id = set_of(:list) order by d.name`,
    { list },
  );
}

async function send(list: number, parameters: string, body: string | Buffer) {
  const answer = await node.call('POST', `/dossier-lists/${list}/import/?${parameters}`, {
    body: new Uint8Array(Buffer.from(body)),
    headers: { 'content-type': 'application/octet-stream' },
    role: 'operator',
  });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  return importReportSchema.parse(answer.json);
}

const people = (count: number, first = 0) =>
  Array.from({ length: count }, (_, at) => `${JSON.stringify({ external_id: `p-${first + at}`, name: `Person ${first + at}` })}\n`).join(
    '',
  );

describe('a preview', () => {
  it('says what the import would do, and changes nothing', async () => {
    const list = await node.makeList();
    await send(list, '', people(1500));
    const before = await contentOf(list);
    const [position] = await query<object>(node.test.database, `select revision, dossier_count from list_positions where list_id = :list`, {
      list,
    });
    const changes = `${people(200)}${people(1200, 1400)}{"external_id":"p-3","name":"Another"}\n{"name":""}\nnonsense\n`;
    const told = await send(list, 'preview=true', changes);
    expect(told).toMatchObject({ preview: true, added: 1100, changed: 1, unchanged: 300, refused: 2 });
    expect(told.refusals.map(({ line }) => line)).toEqual([1402, 1403]);
    expect(await contentOf(list)).toEqual(before);
    expect(
      await query<object>(node.test.database, `select revision, dossier_count from list_positions where list_id = :list`, { list }),
    ).toEqual([position]);
    const done = await send(list, 'preview=false', changes);
    // Only a preview looks for people who would be there twice.
    const { doubles: _doubles, ...warnings } = told.warnings;
    expect(done).toEqual({ ...told, preview: false, import: expect.any(String), can_be_taken_back: true, warnings });
  });

  it('is refused where the import would be', async () => {
    const list = await node.makeList();
    await query(node.test.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://m.example', 1)`, {
      list,
    });
    for (const preview of ['true', 'false'])
      await node.refused('READ_ONLY', ['POST', `/dossier-lists/${list}/import/?preview=${preview}`, people(1)]);
    await query(node.test.database, `delete from links`);
    await node.refused('NOT_FOUND', ['POST', '/dossier-lists/99999/import/', people(1)]);
    await node.refused('BAD_PARAM', ['POST', `/dossier-lists/${list}/import/?format=xml`, people(1)], 'format');
    expect((await node.call('POST', `/dossier-lists/${list}/import/`, { body: people(1), role: 'viewer' })).status).toBe(403);
  });
});

describe('CSV', () => {
  it.each([
    ['commas', ','],
    ['semicolons', ';'],
    ['tabs', '\t'],
  ])('with %s brings the same as JSONL', async (_name, delimiter) => {
    const list = await node.makeList();
    const rows = [
      ['external_id', 'name', 'comment', 'active', 'meta', 'meta.country', 'whatever'],
      ['', 'Ада "Лавлейс"', 'two\nlines', 'FALSE', '{"n":1}', 'RU', 'x'],
      ['', '爱', '', '', '', '', ''],
    ];
    const csv = `\ufeff${rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(delimiter)).join('\r\n')}\r\n`;
    expect(await send(list, 'format=csv', csv)).toMatchObject({ added: 2, refused: 0 });
    expect(await contentOf(list)).toEqual([
      { external_id: null, name: 'Ада "Лавлейс"', comment: 'two\nlines', active: false, meta: { n: 1, country: 'RU', whatever: 'x' } },
      { external_id: null, name: '爱', comment: '', active: true, meta: {} },
    ]);
  });

  it('refuses lines by their numbers, and goes on', async () => {
    const list = await node.makeList();
    const csv = Buffer.concat([
      Buffer.from('name,active,meta\nOne,true,\n,true,\nTwo,maybe,\nThree,,[1]\n"F\no\nur",,,,5\nFive,,\n'),
      Buffer.from([0xcf, 0xf0, 0xe8, 0x0a]),
      Buffer.from('Six,true,{}\n'),
    ]);
    const report = await send(list, 'format=csv', csv);
    expect(report).toMatchObject({ added: 3, refused: 5 });
    expect(report.refusals.map(({ line, reason }) => [line, reason.split(':')[0]?.replace(/ \(it seems.*/, '')])).toEqual([
      [3, 'name'],
      [4, 'active'],
      [5, 'meta'],
      [6, '(to line 8) has 5 fields, more than the 3 of the header'],
      [10, 'is not valid UTF-8; save the file as "CSV UTF-8"'],
    ]);
  });

  it('with a quote too many loses that line alone', async () => {
    const list = await node.makeList();
    const rows = Array.from({ length: 10_000 }, (_, at) => (at === 4 ? 'q-4,Pe"ter,\r\n' : `q-${at},Person ${at},"two\nlines"\r\n`));
    expect(await send(list, 'preview=true', `external_id,name,comment\r\n${rows.join('')}`)).toMatchObject({
      added: 9999,
      refused: 1,
      refusals: [{ line: 10, reason: expect.stringContaining('quote') }],
    });
    rows[4] = 'q-4,"Peter,\r\n';
    expect(await send(list, 'preview=true', `external_id,name,comment\r\n${rows.join('')}`)).toMatchObject({
      added: 9999,
      refused: 1,
      refusals: [{ line: 10, reason: expect.stringContaining('quote') }],
    });
    const long = `name\nOne\n${'x'.repeat(1_100_000)}\nThree\n"${'y\n'.repeat(600_000)}`;
    const report = await send(list, 'format=csv&preview=true', long);
    expect(report.refusals.slice(0, 2)).toEqual([
      { line: 3, reason: 'is longer than 1048576 bytes' },
      { line: 5, reason: 'is not valid CSV: a quote is never closed' },
    ]);
    expect(report.added).toBe(600_001);
  });

  it('whose header names no names is not read', async () => {
    const list = await node.makeList();
    expect((await send(list, 'format=csv', 'title\nOne\n')).refusals).toEqual([{ line: 1, reason: expect.stringContaining('"name"') }]);
    expect((await send(list, 'format=csv', 'name,name\nOne,Two\n')).refusals).toEqual([
      { line: 1, reason: expect.stringContaining('twice') },
    ]);
    expect(await send(list, 'format=csv', '')).toMatchObject({ added: 0, refused: 0, format: 'csv' });
  });
});

/** The status and body of an answer to 15 MB, read as browsers do: only when all of them are sent. */
async function sendWhole(list: number, content: Buffer, headers: Record<string, string>) {
  const sending = request(`${node.url}/dossier-lists/${list}/import/`, {
    method: 'POST',
    agent: new Agent({ keepAlive: headers['connection'] !== 'close' }),
    headers: { authorization: `Token ${node.tokens.operator}`, 'content-length': String(content.length), ...headers },
  });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  await new Promise<void>((sent, failed) => {
    sending.once('error', failed);
    sending.end(content, sent);
  });
  const [answer] = await answered;
  return { status: answer.statusCode, answer: await json(answer) };
}

describe('an import that ends before its file does', () => {
  const long = (first: string) => Buffer.concat([Buffer.from(first), Buffer.alloc(15 * 1024 * 1024, 'x,y,z\n')]);

  it.each([
    ['keeps its connection', {}],
    ['closes its connection, as proxies do', { connection: 'close' }],
  ])('is heard by a client that %s', async (_, headers) => {
    const list = await node.makeList();
    expect(await sendWhole(list, long('title,other\n'), { 'content-type': 'text/csv', ...headers })).toMatchObject({
      status: 200,
      answer: { added: 0, refused: 1, refusals: [{ line: 1, reason: expect.stringContaining('"name"') }] },
    });
    expect(await sendWhole(list, long('<html>'), { 'content-type': 'text/csv', ...headers })).toMatchObject({ status: 415 });
    const wrongToken = { authorization: 'Token none', ...headers };
    expect(await sendWhole(list, long('name\n'), wrongToken)).toMatchObject({ status: 401, answer: { code: 'UNAUTHORIZED' } });
  });
});

/** Long lines of so many bytes together, packed: a gzip file may be several, one behind the other. */
function bombOf(bytes: number): Uint8Array {
  const member = 64 * 1024 * 1024;
  const one = gzipSync(Buffer.alloc(member, `${'x'.repeat(10_000)}\n`));
  return new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(bytes / member) }, () => one)));
}

describe('an import', () => {
  it('names photos in vain: their files are elsewhere', async () => {
    const list = await node.makeList();
    const report = await send(list, '', '{"name":"One","photo":"../../etc/passwd"}\n{"name":"Two","photo":null}\n');
    expect(report).toMatchObject({
      added: 1,
      refused: 1,
      refusals: [{ line: 1, reason: expect.stringContaining('no photos were given') }],
    });
  });

  it('is kept in the audit with what came of it', async () => {
    const list = await node.makeList('Kept');
    await send(list, 'preview=true', people(3, 5000));
    await send(list, '', `${people(3, 5000)}nonsense\n`);
    const found = await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?object=watch-list&object_id=${list}`]);
    expect(found.results).toMatchObject([
      {
        actor: 'operator',
        action: 'dossiers-imported',
        object: { name: 'Kept' },
        details: { state: 'done', added: 3, changed: 0, unchanged: 0, refused: 1 },
      },
      { action: 'dossiers-imported', details: { state: 'begun', format: 'jsonl' } },
    ]);
  });

  it('may be packed for the way, and named by its charset', async () => {
    const list = await node.makeList();
    const path = `/dossier-lists/${list}/import/`;
    const headers = { 'content-type': 'text/csv; charset="windows-1251"', 'content-encoding': 'gzip' };
    const body = new Uint8Array(gzipSync(Buffer.concat([Buffer.from('name\n'), Buffer.from([0xcf, 0xe5, 0xf2, 0xf0, 0x0a])])));
    expect((await node.call('POST', path, { body, headers })).json).toMatchObject({ format: 'csv', added: 1, refused: 0 });
    expect((await contentOf(list)).map(({ name }) => name)).toEqual(['Петр']);
    const other = await node.call('POST', path, { body: people(1), headers: { 'content-type': 'text/csv; charset=nonsense' } });
    expect([other.status, other.text]).toEqual([415, expect.stringContaining('nonsense')]);
  });

  it('keeps a thousand refusals, and counts the others', async () => {
    const list = await node.makeList();
    const report = await send(list, '', 'x\n'.repeat(1024 * 1024));
    expect([report.refused, report.refusals.length, report.refusals[999]?.line]).toEqual([1024 * 1024, 1000, 1000]);
  });

  it('that is too long, compressed or breaks off is answered so, with whole batches only', async () => {
    const list = await node.makeList();
    const path = `/dossier-lists/${list}/import/`;
    const unknown = await node.call('POST', path, { body: people(1), headers: { 'content-encoding': 'compress' } });
    expect(unknown.status).toBe(415);
    const form = await node.call('POST', path, { body: people(1), headers: { 'content-type': 'multipart/form-data; boundary=x' } });
    expect([form.status, form.text]).toEqual([400, expect.stringContaining('"param":"file"')]);
    const plain = await node.call('POST', path, { body: people(1), headers: { 'content-encoding': 'gzip' } });
    expect([plain.status, plain.text]).toEqual([400, expect.stringContaining("can't be unpacked")]);
    const bomb = bombOf(maximumImportBytes + 1);
    expect((await node.call('POST', path, { body: bomb })).status).toBe(413);
    const broken = request(`${node.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Token ${node.tokens.operator}`, 'content-length': '1000000' },
    });
    broken.on('error', () => undefined);
    broken.write(people(2500, 10_000));
    const count = async () => (await contentOf(list)).length;
    await expect.poll(count).toBe(2000);
    broken.destroy();
    const state = async () =>
      (await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?object=watch-list&object_id=${list}`])).results[0]?.details;
    await expect.poll(state).toMatchObject({ state: 'broken-off', added: 2000 });
    expect(await count()).toBe(2000);
    const large = request(`${node.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Token ${node.tokens.operator}`, 'content-length': '5000000000' },
    });
    large.on('error', () => undefined);
    large.flushHeaders();
    const [answer] = (await once(large, 'response')) as [{ statusCode: number }];
    expect(answer.statusCode).toBe(413);
    large.destroy();
  }, 180_000);
});

describe('an export', () => {
  const hostile = ['=cmd|calc', '+1', '-2', '@SUM(A1)', "'=quoted", '\ttab', ' space ', 'a,b;"c"', 'line\nbreak', '\\'];

  it.each(['jsonl', 'csv'])('as %s is imported as what it was', async (format) => {
    const list = await node.makeList();
    const lines = hostile.map((name, at) =>
      JSON.stringify({ external_id: `${format}-${at}`, name, comment: name, active: at % 2 === 0, meta: { name } }),
    );
    await send(list, '', `${lines.join('\n')}\n`);
    await query(node.test.database, `update dossiers set meta = '{"big": 12345678901234567890.123456789}' where external_id = :id`, {
      id: `${format}-0`,
    });
    const file = await node.call('GET', `/dossier-lists/${list}/export/?format=${format}`, { role: 'viewer' });
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="watch-list-${list}.${format}"`);
    expect(file.text).toContain('12345678901234567890.123456789');
    if (format === 'csv') {
      expect(file.text).toMatch(/^\ufeff?external_id,name,comment,active,valid_from,valid_until,meta\r\n/);
      expect(file.text).not.toMatch(/(^|[,\n])"?[=+@-]/m);
    }
    const before = await contentOf(list);
    const other = await node.makeList();
    expect(await send(other, `format=${format}`, file.text)).toMatchObject({ added: hostile.length, refused: 0 });
    expect(await contentOf(list)).toEqual(before);
    expect(await contentOf(other)).toEqual(before);
  });

  it('holds every dossier of a long list once', async () => {
    const list = await node.makeList();
    await send(list, '', people(2500, 20_000));
    const file = await node.call('GET', `/dossier-lists/${list}/export/`);
    const ids = file.text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { external_id: string }).external_id);
    expect([ids.length, new Set(ids).size]).toEqual([2500, 2500]);
  });
});
