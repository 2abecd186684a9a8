import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestDatabase } from '../../../test/kit/database.ts';
import type { TestDatabase } from '../../../test/kit/database.ts';
import { freePort } from '../../../test/kit/free-port.ts';

const executable = fileURLToPath(new URL('../bin/dossier.mjs', import.meta.url));
const password = 'not-to-be-seen';

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

let test: TestDatabase;
let folder: string;
/** Of a port on which nothing listens. */
let port: string;

beforeAll(async () => {
  test = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'executable-'));
  port = String(await freePort());
});
afterAll(async () => {
  await test.drop();
  await rm(folder, { recursive: true });
});

interface Invocation {
  environment?: Record<string, string>;
  input?: string;
}

async function dossier(parameters: readonly string[], { environment = {}, input = '' }: Invocation = {}): Promise<Ended> {
  const child = spawn(process.execPath, [executable, ...parameters], {
    cwd: folder,
    env: { DATABASE_URL: test.url, DATA_DIR: join(folder, 'data'), PORT: port, ...environment },
  });
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

function withDatabase(change: (url: URL) => void): Invocation {
  const url = new URL(test.url);
  url.password = password;
  change(url);
  return { environment: { DATABASE_URL: url.href } };
}

describe('the executable', () => {
  it.each([[], ['--help'], ['import', '--help'], ['dead-letters', 'retry', '--help'], ['demo', '--help']])(
    'explains itself: %s %s %s',
    async (...given) => {
      const { code, out, err } = await dossier(given);
      expect(code).toBe(given.length === 0 ? 2 : 0);
      expect(out + err).toContain('Usage: dossier');
      expect(out + err).toContain('--config');
    },
  );

  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['status', '--frobnicate'], "unknown option '--frobnicate'"],
    [['import'], 'LIST and FILE are missing'],
    [['import', 'x.jsonl'], 'LIST or FILE is missing'],
    [['import', 'list', 'x.jsonl'], 'LIST "list" is no id'],
    [['import', '1', 'x.jsonl', '--name', 'N'], 'either LIST or --name'],
    [['unlink', '0'], 'must be an id'],
    [['link', 'ftp://x', '1', '1', '--token', 't'], 'REMOTE_URL "ftp://x"'],
    [['relink', '1', '--token', 't'], 'Give --remote-url, --remote-list or both'],
    [['relink', '1', '--remote-url', 'ftp://x', '--token', 't'], '--remote-url "ftp://x"'],
    [['user', 'create', 'x', '--role', 'king'], "argument 'king' is invalid"],
    [['user', 'create', '', '--role', 'viewer'], 'NAME "" must have 1 to 256 characters'],
    [['user', 'create', 'a:b', '--role', 'viewer'], 'NAME "a:b" must not hold a colon'],
    [['user', 'create', 'a\nb', '--role', 'viewer'], 'NAME "a\\nb" must not hold line breaks'],
    [['sync', '1', '--full', '--repair', '--token', 't'], 'Give --full or --repair, not both'],
    [['demo', '--dossiers', 'many'], 'whole number'],
    [['status'], 'An API token is needed'],
    [['status', '--token', 't', '--url', 'nonsense'], 'no http:// or https:// URL'],
    [['migrate', '--config', 'missing.yaml'], 'missing.yaml'],
  ])('ends with 2 for wrong usage: %j', async (parameters, sentence) => {
    const { code, out, err } = await dossier(parameters);
    expect(err).toContain(sentence);
    expect(err).not.toMatch(/^\s+at /m);
    expect([code, out]).toEqual([2, '']);
  });

  it('ends with 2 for a bad configuration, with one line per fault and no secret', async () => {
    const { code, err } = await dossier(['migrate'], {
      environment: { PORT: 'abc', SYNC_CONCURRENCY: '0', DATABASE_URL: `mysql://u:${password}@h/d` },
    });
    expect(code).toBe(2);
    for (const key of ['PORT', 'SYNC_CONCURRENCY', 'DATABASE_URL']) expect(err).toMatch(new RegExp(`^${key}: `, 'm'));
    expect(err).not.toContain(password);
  });

  it('says how to be started on an old Node', async () => {
    const old = join(folder, 'old-node.mjs');
    await writeFile(old, `Object.defineProperty(process.versions, 'node', { value: '20.20.2' });\n`);
    const child = spawn(process.execPath, ['--import', old, executable, 'status']);
    const [err] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect(child.exitCode).toBe(2);
    expect(err).toContain('needs Node 24 or newer; this is Node 20.20.2');
    expect(err).toContain('npx dossier');
  });

  it('runs through a symbolic link and in production', async () => {
    const link = join(folder, 'dossier');
    await chmod(executable, 0o755);
    await symlink(executable, link);
    const child = spawn(process.execPath, [link, '--help'], { env: { NODE_ENV: 'production' } });
    const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
    expect([child.exitCode, out]).toEqual([0, expect.stringContaining('Usage: dossier')]);
  });

  it('bears that nobody reads on', async () => {
    const child = spawn(process.execPath, [executable, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [err] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect([child.exitCode, err]).toEqual([0, '']);
  });
});

describe('a database that cannot be used', () => {
  it.each([
    ['is not there', (url: URL) => (url.port = port), () => `on 127.0.0.1, port ${port}, can't be reached`],
    ['is unknown by name', (url: URL) => (url.hostname = 'no-such-host.invalid'), () => 'no-such-host.invalid'],
    ['does not exist', (url: URL) => (url.pathname = '/nowhere'), () => 'There is no database nowhere on 127.0.0.1'],
  ])('%s: said in a sentence without the password, exit code 1', async (_, change, sentence) => {
    const own = new URL(test.url).password;
    const wrong = withDatabase((url) => {
      if (url.pathname !== '/nowhere') url.password = password;
      change(url);
      if (url.pathname === '/nowhere') url.password = own;
    });
    const { code, err } = await dossier(['migrate'], wrong);
    expect(err).toContain(sentence());
    expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(err).not.toContain(password);
    expect(code).toBe(1);
  });

  it('has the wrong password: said, and not repeated', async () => {
    const { code, err } = await dossier(
      ['migrate'],
      withDatabase((url) => url.toString()),
    );
    expect(err).toContain('refuses the user');
    expect(err).not.toContain(password);
    expect(code).toBe(1);
  });

  it('has an older schema: refused, untouched, until "dossier migrate" has run', async () => {
    const name = `bare_${process.pid}`;
    await test.database.raw(`create database ${name}`);
    const url = new URL(inject('clusterUrl'));
    url.pathname = `/${name}`;
    const environment = { DATABASE_URL: url.href };
    try {
      for (const command of [['start'], ['api'], ['worker'], ['token', 'create', 'admin']]) {
        const { code, err } = await dossier(command, { environment });
        expect([code, err]).toEqual([1, expect.stringContaining('Run "dossier migrate"')]);
      }
      const hosts = await Promise.all([1, 2, 3].map(() => dossier(['migrate', '--json'], { environment })));
      expect(hosts.map(({ code }) => code)).toEqual([0, 0, 0]);
      const ran = hosts.map(({ out }) => (JSON.parse(out) as { migrated: string[] }).migrated.length);
      expect(ran.filter((count) => count > 0)).toHaveLength(1);
      expect((await dossier(['migrate'], { environment })).out).toContain('up to date');
    } finally {
      await test.database.raw(`drop database ${name} with (force)`);
    }
  });

  it('has a newer schema: refused', async () => {
    await test.database.raw(`insert into knex_migrations (name, batch, migration_time) values ('29990101000000_later.ts', 99, now())`);
    try {
      const { code, err } = await dossier(['migrate']);
      expect(err).toContain('newer than this program');
      expect(err).toContain('29990101000000_later.ts');
      expect(code).toBe(1);
    } finally {
      await test.database.raw(`delete from knex_migrations where name like '2999%'`);
    }
  });
});

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

describe('users and tokens', () => {
  it('are made on the database directly', async () => {
    const made = await dossier(['user', 'create', 'otto', '--role', 'operator', '--json']);
    expect([made.code, JSON.parse(made.out)]).toEqual([
      0,
      { user: 'otto', role: 'operator', password: expect.stringMatching(/^.{20,}$/) as string },
    ]);
    expect((await dossier(['user', 'create', 'otto', '--role', 'viewer'])).code).toBe(1);
    const token = await dossier(['token', 'create', 'otto']);
    expect([token.code, token.out]).toEqual([0, expect.stringMatching(/^\S{40,}\n$/)]);
    expect((await dossier(['token', 'create', 'nobody'])).code).toBe(1);
    const changed = await dossier(['user', 'password', 'otto', '--password-stdin', '--json'], { input: 'a new harbour lantern\n' });
    expect(changed.err).toBe('');
    expect([changed.code, JSON.parse(changed.out)]).toEqual([0, { user: 'otto', ended: { sessions: 0, tokens: 1 } }]);
    expect((await dossier(['user', 'password', 'otto', '--password-stdin'])).code).toBe(2);
    expect((await dossier(['user', 'password', 'nobody'])).code).toBe(1);
    const weak = await dossier(['user', 'create', 'weak', '--role', 'admin', '--password-stdin'], { input: 'x\n' });
    expect([weak.code, weak.err]).toEqual([2, expect.stringContaining('must have at least 12 characters') as string]);
  });
});

describe('a client command', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };

  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterAll(() => {
    server.close();
  });

  it('says that no node answers, and how to start one', async () => {
    const { code, err } = await dossier(['status', '--token', 't']);
    expect(err).toBe(`No node answers at http://127.0.0.1:${port}.\nStart it with "dossier start", or name another one with --url.\n`);
    expect(code).toBe(1);
  });

  it('recognises what is no node', async () => {
    for (const [status, body] of [
      [200, '<html>'],
      [404, '<html>'],
      [200, '{"results":7}'],
      [502, ''],
    ] as const) {
      answer = { status, body };
      const { code, err } = await dossier(['status', '--token', 't', '--url', url]);
      expect([code, err]).toEqual([1, expect.stringContaining(`What answers at ${url} is no dossier node`)]);
    }
  });

  it("repeats the node's own sentence", async () => {
    const problem = {
      type: 'about:blank',
      title: 'x',
      status: 409,
      detail: 'It is a replica already.',
      code: 'CONFLICT',
      desc: 'It is a replica already.',
    };
    answer = { status: 409, body: JSON.stringify(problem) };
    const { code, err } = await dossier(['link', 'http://master.example', '1', '2', '--token', 't', '--url', url]);
    expect([code, err]).toEqual([1, 'It is a replica already.\n']);
    answer = { status: 401, body: JSON.stringify({ ...problem, status: 401, code: 'UNAUTHORIZED' }) };
    expect((await dossier(['sync', '--token', 't', '--url', url])).err).toContain('refuses the token');
  });
});
