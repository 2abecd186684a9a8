import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { createCommandHost, executable } from '../../../test/kit/executable.ts';
import type { Invocation } from '../../../test/kit/executable.ts';

const host = await createCommandHost();
afterAll(() => host.remove());
const { test, folder, port, dossier } = host;

const password = 'not-to-be-seen';

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
