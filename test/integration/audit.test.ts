import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { auditActions } from '@dossier/domain/audit.ts';
import type { AuditAction } from '@dossier/domain/audit.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { deletionSchema } from '@dossier/protocol/bin.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { pruneAudit } from '@dossier/accounts/audit.ts';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { createdSiteSchema } from '@dossier/protocol/site.ts';
import { query } from '@dossier/postgres/database.ts';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

const executable = join(import.meta.dirname, '../../apps/cli/bin/dossier.mjs');

let node: NodeApi;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dossier-audit-'));
  node = await startNodeApi({ INSTALLED_APPS: 'ffsecurity_sync' });
});
afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true });
});

async function entries(ask = '') {
  return (await node.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?limit=1000&${ask}`])).results;
}

describe('what is kept', () => {
  it('tells who made, changed and deleted what, by which way and from where', async () => {
    const list = await node.want(201, watchListSchema, ['POST', '/dossier-lists/', { name: 'Wanted' }]);
    const made = await node.call('POST', '/dossiers/', {
      role: 'operator',
      body: { name: 'Somebody', dossier_lists: [list.id] },
      headers: { 'user-agent': 'dossier-cli/0.1.0' },
    });
    const dossier = dossierSchema.parse(made.json);
    await node.call('PATCH', `/dossiers/${dossier.id}/`, { body: { comment: 'seen' } });
    await node.call('DELETE', `/dossiers/${dossier.id}/`);
    expect(await entries(`object=dossier&object_id=${dossier.id}`)).toMatchObject([
      { actor: 'admin', via: 'api', action: 'dossier-deleted', object: { name: 'Somebody' } },
      { actor: 'admin', via: 'api', action: 'dossier-changed', details: { fields: ['comment'] } },
      { actor: 'operator', via: 'cli', address: '127.0.0.1', action: 'dossier-made', details: { dossier_lists: [list.id] } },
    ]);
    expect(await entries(`object=watch-list&object_id=${list.id}`)).toMatchObject([{ action: 'list-made', object: { name: 'Wanted' } }]);
  });

  it('tells of sign-ins, good and bad, of people and programs', async () => {
    const login = (password: string, parameters = '') =>
      fetch(`${node.url}/auth/login/${parameters}`, { method: 'POST', headers: { authorization: `Basic ${btoa(`viewer:${password}`)}` } });
    await login('wrong');
    const signedIn = await login('viewer-password', '?cookie=1');
    const cookie = signedIn.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    await fetch(`${node.url}/auth/logout/`, { method: 'POST', headers: { cookie } });
    expect(await entries('actor=viewer')).toMatchObject([
      { action: 'signed-out', via: 'web' },
      { action: 'signed-in', via: 'web', address: '127.0.0.1' },
      { action: 'sign-in-failed', via: 'api' },
    ]);
    expect(JSON.stringify(await entries())).not.toMatch(/wrong|viewer-password/);
  });

  it('tells of links and syncs', async () => {
    const list = await node.makeList();
    const body = { remote_dossier_list: 7, remote_url: 'http://master.example', slave_dossier_list: list };
    await node.want(202, linkSchema, ['POST', '/sync/dossier-lists/', body]);
    await node.want(202, linkSchema, ['POST', '/sync/dossier-lists/', body]);
    await node.call('POST', `/sync/dossier-lists/${list}/sync/`, { body: { mode: 'full' } });
    await node.call('DELETE', `/sync/dossier-lists/${list}/?purge=true`);
    expect(await entries(`object=link&object_id=${list}`)).toMatchObject([
      { action: 'unlinked', details: { purge: true, remote_url: 'http://master.example' } },
      { action: 'sync-requested', details: { mode: 'full' } },
      { action: 'linked', details: { remote_url: 'http://master.example', remote_dossier_list: 7, dossiers_before: 0 } },
    ]);
    await query(node.test.database, `delete from links`);
  });

  it('holds nothing of what was refused', async () => {
    const before = (await entries()).length;
    await node.refused('NOT_FOUND', ['DELETE', '/dossier-lists/99999/']);
    await node.refused('BAD_PARAM', ['POST', '/dossiers/', { name: 'x', dossier_lists: [99_999] }], 'dossier_lists');
    expect((await node.call('POST', '/dossier-lists/', { body: { name: 'x' }, role: 'viewer' })).status).toBe(403);
    expect(await entries()).toHaveLength(before);
  });
});

describe('the command line', () => {
  async function dossier(parameters: readonly string[], input = ''): Promise<string> {
    const child = spawn(process.execPath, [executable, ...parameters], {
      env: { PATH: process.env['PATH'], DATABASE_URL: node.test.url, DATA_DIR: folder },
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end(input);
    const [out] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return out;
  }

  it('is kept under the account of the host, also where it works on the database itself', async () => {
    const list = await node.makeList('By file');
    await dossier(['user', 'create', 'otto', '--role', 'viewer', '--json']);
    await dossier(['token', 'create', 'otto', '--label', 'for a script']);
    await dossier(['user', 'password', 'otto', '--password-stdin'], 'another harbour lantern\n');
    await dossier(['import', String(list), '-', '--json'], '{"name":"One"}\n{}\n');
    const account = userInfo().username;
    const found = (await entries('via=cli')).filter(({ actor }) => actor === account);
    expect(found).toMatchObject([
      {
        action: 'dossiers-imported',
        address: null,
        object: { id: String(list), name: 'By file' },
        details: { state: 'done', added: 1, refused: 1 },
      },
      { action: 'dossiers-imported', details: { state: 'begun', file: '-' } },
      { action: 'password-set', object: { kind: 'user', name: 'otto' } },
      { action: 'token-made', object: { kind: 'token', name: 'for a script' }, details: { user: 'otto' } },
      { action: 'user-made', object: { kind: 'user', name: 'otto' }, details: { role: 'viewer' } },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/another one|dossier_/);
  });
});

describe('what a person decides about a held sync', () => {
  it('is kept with the difference that was decided on', async () => {
    const [master, slave] = await Promise.all([startNodeApi(), startNodeApi()]);
    try {
      await slave.work();
      const remote = await master.makeList();
      const lines = Array.from({ length: 100 }, (_, at) => `${JSON.stringify({ external_id: `p-${at}`, name: `Person ${at}` })}\n`).join(
        '',
      );
      await master.call('POST', `/dossier-lists/${remote}/import/`, { body: lines });
      const local = await slave.makeList();
      const path = `/sync/dossier-lists/${local}/`;
      const link = () => slave.want(200, linkSchema, ['GET', path]);
      const body = { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: local };
      await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=60' } });
      expect(await link()).toMatchObject({ state: 'synced', local_count: 100 });
      await master.call('POST', `/dossier-lists/${remote}/purge/`);
      const hold = async (): Promise<string> => {
        await slave.call('POST', `${path}sync/`);
        await expect.poll(link, { timeout: 60_000 }).toMatchObject({ state: 'held', held: { state: 'waiting' }, local_count: 100 });
        return (await link()).held?.difference ?? '';
      };
      const difference = await hold();
      expect((await slave.call('POST', `${path}held/reject/`, { body: { difference } })).status).toBe(200);
      expect((await slave.call('GET', `${path}held/lost/`)).status).toBe(200);
      await hold();
      expect((await slave.call('POST', `${path}held/approve/`, { body: { difference } })).status).toBe(202);
      await expect.poll(link, { timeout: 60_000 }).toMatchObject({ state: 'synced', local_count: 0 });
      expect((await slave.call('POST', `${path}undo/`)).status).toBe(202);
      const found = await slave.want(200, pageOf(auditEntrySchema), ['GET', `/audit/?object=link&object_id=${local}&limit=100`]);
      expect(found.results.map(({ action, details }) => [action, details['difference'] === difference])).toEqual([
        ['undone', false],
        ['held-approved', true],
        ['sync-requested', false],
        ['lost-exported', false],
        ['held-rejected', true],
        ['sync-requested', false],
        ['linked', false],
      ]);
    } finally {
      await Promise.all([master.stop(), slave.stop()]);
    }
  });
});

describe('every call that changes something', () => {
  /** Of all unsafe routes of a node: what is kept of it. Decisions about what is held are made above. */
  const kept: Record<string, AuditAction | 'nothing is changed' | 'above' | 'in second-factor.test.ts'> = {
    'post /auth/login/': 'signed-in',
    'post /auth/logout/': 'signed-out',
    'post /auth/password/': 'password-set',
    'post /auth/passkey/options/': 'nothing is changed',
    'post /auth/passkey/': 'in second-factor.test.ts',
    'post /auth/second-factor/totp/': 'nothing is changed',
    'post /auth/second-factor/totp/confirm/': 'in second-factor.test.ts',
    'post /auth/second-factor/totp/remove/': 'in second-factor.test.ts',
    'post /auth/second-factor/recovery-codes/': 'in second-factor.test.ts',
    'post /auth/second-factor/passkeys/options/': 'nothing is changed',
    'post /auth/second-factor/passkeys/': 'in second-factor.test.ts',
    'patch /auth/second-factor/passkeys/:id/': 'in second-factor.test.ts',
    'post /auth/second-factor/passkeys/:id/remove/': 'in second-factor.test.ts',
    'delete /users/:id/second-factor/': 'in second-factor.test.ts',
    'post /dossier-lists/': 'list-made',
    'patch /dossier-lists/:id/': 'list-changed',
    'delete /dossier-lists/:id/': 'list-deleted',
    'post /dossier-lists/:id/purge/': 'list-purged',
    'post /dossier-lists/:id/import/': 'dossiers-imported',
    'post /dossier-lists/:id/import/columns/': 'nothing is changed',
    'post /imports/:id/undo/': 'import-taken-back',
    'post /dossiers/': 'dossier-made',
    'patch /dossiers/:id/': 'dossier-changed',
    'delete /dossiers/:id/': 'dossier-deleted',
    'post /dossiers/bulk/': 'dossiers-changed',
    'post /dossiers/export/': 'selection-exported',
    'post /dossiers/:id/merge/': 'dossiers-merged',
    'post /bin/restore/': 'dossier-restored',
    'delete /bin/:id/': 'bin-erased',
    'delete /bin/deletions/:id/': 'bin-erased',
    'delete /bin/': 'bin-erased',
    'post /dossier-faces/': 'photo-added',
    'post /dossier-faces/check/': 'nothing is changed',
    'delete /dossier-faces/:id/': 'photo-deleted',
    'post /users/': 'user-made',
    'patch /users/:id/': 'user-changed',
    'delete /users/:id/': 'user-deleted',
    'post /tokens/': 'token-made',
    'delete /tokens/:id/': 'token-revoked',
    'post /webhooks/': 'webhook-made',
    'patch /webhooks/:id/': 'webhook-changed',
    'delete /webhooks/:id/': 'webhook-deleted',
    'post /sites/': 'site-added',
    'patch /sites/:id/': 'site-changed',
    'post /sites/:id/accept/': 'site-accepted',
    'post /sites/:id/revoke/': 'site-revoked',
    'delete /sites/:id/': 'site-deleted',
    'post /sync/masters/': 'master-joined',
    'post /sync/masters/:id/accept/': 'master-accepted',
    'delete /sync/masters/:id/': 'master-forgotten',
    'post /webhooks/:id/test/': 'webhook-tested',
    'post /sync/test/': 'master-tested',
    'post /sync/preview/': 'nothing is changed',
    'post /sync/dossier-lists/': 'linked',
    'patch /sync/dossier-lists/:id/': 'guards-changed',
    'post /sync/dossier-lists/:id/sync/': 'sync-requested',
    'delete /sync/dossier-lists/:id/': 'unlinked',
    'post /sync/dossier-lists/:id/held/approve/': 'above',
    'post /sync/dossier-lists/:id/held/reject/': 'above',
    'post /sync/dossier-lists/:id/undo/': 'above',
    'post /sync/dead-letters/:id/retry/': 'dead-letter-retried',
    'post /sync/dead-letters/retry/': 'dead-letter-retried',
    'delete /sync/dead-letters/:id/': 'dead-letter-discarded',
    'delete /sync/dead-letters/': 'dead-letter-discarded',
  };

  async function makeLetter(): Promise<{ list: number; letter: number }> {
    const list = await node.makeList();
    const [made] = await query<{ id: number }>(
      node.test.database,
      `with link as (insert into links (slave_list_id, remote_url, remote_list_id, state) values (:list, 'http://away.example', 1, 'failed')),
         run as (insert into runs (slave_list_id, reason, state, finished_date) values (:list, 'link', 'dead', now()) returning id)
       insert into dead_letters (slave_list_id, run_id, phase, code, sentence, remedy) select :list, id, 'greeting', 'X', 'x.', 'y.' from run returning id`,
      { list },
    );
    return { list, letter: made?.id ?? 0 };
  }

  /** Makes each call once, on things made for it, in an order in which it is allowed. Returns the routes that were called. */
  async function callAll(): Promise<string[]> {
    const called: string[] = [];
    const call = async (
      route: string,
      id: string | number = '',
      body?: unknown,
      headers?: Record<string, string>,
    ): Promise<{ id: string | number }> => {
      const [method = '', path = ''] = route.split(' ');
      const action = kept[route];
      const before = (await entries(`action=${String(action)}`)).length;
      const answer = await node.call(method.toUpperCase(), path.replace(':id', String(id)), { body, ...(headers && { headers }) });
      expect([route, answer.status < 300 || route === 'post /sync/test/', answer.text]).toEqual([route, true, answer.text]);
      expect([route, (await entries(`action=${String(action)}`)).length > before]).toEqual([route, true]);
      called.push(route);
      return (answer.json ?? {}) as { id: string | number };
    };
    await call('post /auth/login/', '', undefined, { authorization: `Basic ${btoa('admin:admin-password')}` });
    const session = await node.call('POST', '/auth/login/', { headers: { authorization: `Basic ${btoa('admin:admin-password')}` } });
    await call('post /auth/logout/', '', undefined, { authorization: `Token ${(session.json as { token: string }).token}` });
    await call('post /auth/password/', '', { password: 'admin-password', new_password: 'an open harbour lantern' });
    const list = await call('post /dossier-lists/', '', { name: 'All' });
    await call('patch /dossier-lists/:id/', list.id, { color: 'red' });
    const dossier = await call('post /dossiers/', '', { name: 'One', dossier_lists: [list.id] });
    await call('patch /dossiers/:id/', dossier.id, { comment: 'x' });
    const form = new FormData();
    form.set('dossier', String(dossier.id));
    const picture = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    form.set('source_photo', new Blob([new Uint8Array(picture)]), 'a.png');
    await call('delete /dossier-faces/:id/', (await call('post /dossier-faces/', '', form)).id);
    await call('post /dossiers/export/', '', { dossiers: [dossier.id] });
    await call('post /dossiers/bulk/', '', { dossiers: [{ id: dossier.id }], change: { add_comment: 'y' } });
    const other = dossierSchema.parse((await node.call('POST', '/dossiers/', { body: { name: 'One', dossier_lists: [list.id] } })).json);
    await call('post /dossiers/:id/merge/', dossier.id, { with: other.id });
    await call('delete /dossiers/:id/', dossier.id);
    await call('post /bin/restore/', '', { dossiers: [dossier.id] });
    await node.call('DELETE', `/dossiers/${dossier.id}/`);
    await call('delete /bin/:id/', dossier.id);
    const brought = await call('post /dossier-lists/:id/import/', list.id, '{"name":"Two"}\n');
    await call('post /imports/:id/undo/', importReportSchema.parse(brought).import ?? '');
    const { results } = await node.want(200, pageOf(deletionSchema), ['GET', '/bin/deletions/']);
    await call('delete /bin/deletions/:id/', results[0]?.id ?? 0);
    await node.call('POST', `/dossier-lists/${list.id}/import/`, { body: '{"name":"Three"}\n' });
    await call('post /dossier-lists/:id/purge/', list.id);
    await call('delete /bin/');
    await call('delete /dossier-lists/:id/', list.id);
    const user = await call('post /users/', '', { name: 'anna', role: 'viewer', password: 'a harbour lantern' });
    await call('patch /users/:id/', user.id, { role: 'operator' });
    await call('delete /users/:id/', user.id);
    await call('delete /tokens/:id/', (await call('post /tokens/', '', { label: 'x' })).id);
    const webhook = await call('post /webhooks/', '', { url: 'http://127.0.0.1:1/' });
    await call('patch /webhooks/:id/', webhook.id, { events: ['held'] });
    await call('post /webhooks/:id/test/', webhook.id);
    await call('delete /webhooks/:id/', webhook.id);
    const invited = createdSiteSchema.parse((await node.call('POST', '/sites/', { body: { name: 'Gate 1' } })).json);
    await call('delete /sites/:id/', invited.id);
    const site = await call('post /sites/', '', { name: 'Gate 2', key: generateNodeKey().id });
    await call('patch /sites/:id/', site.id, { lists: [] });
    await call('post /sites/:id/accept/', site.id);
    await call('post /sites/:id/revoke/', site.id, { reason: 'stolen' });
    await joinAnother(call);
    await call('post /sync/test/', '', { remote_url: 'http://127.0.0.1:1' });
    const replica = await node.makeList();
    await call('post /sync/dossier-lists/', '', { remote_dossier_list: 1, remote_url: 'http://127.0.0.1:1', slave_dossier_list: replica });
    await call('patch /sync/dossier-lists/:id/', replica, { guards: { growth: { factor: 5 } } });
    await call('post /sync/dossier-lists/:id/sync/', replica);
    await call('delete /sync/dossier-lists/:id/', replica);
    const { letter } = await makeLetter();
    await call('post /sync/dead-letters/:id/retry/', letter);
    await call('post /sync/dead-letters/retry/');
    await call('delete /sync/dead-letters/:id/', letter);
    await makeLetter();
    await call('delete /sync/dead-letters/');
    await query(node.test.database, `delete from links`);
    return called;
  }

  async function joinAnother(call: (route: string, id: string | number, body?: unknown) => Promise<unknown>): Promise<void> {
    const master = await startNodeApi();
    const invited = createdSiteSchema.parse((await master.call('POST', '/sites/', { body: { name: 'Gate 3' } })).json);
    await call('post /sync/masters/', '', { remote_url: master.url, code: invited.code });
    await master.stop();
    const key = generateNodeKey().id;
    const [row] = await query<{ id: number }>(
      node.test.database,
      `update masters set offered_key = :key, offered_date = now() returning id`,
      { key },
    );
    await call('post /sync/masters/:id/accept/', row?.id ?? 0, { key });
    await call('delete /sync/masters/:id/', row?.id ?? 0);
  }

  it('leaves an entry of its own', async () => {
    const unsafe = listRoutes(node.deps, createMetrics(node.test.database)).filter(({ method }) => method !== 'get');
    expect(unsafe.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(Object.keys(kept).toSorted());
    const called = await callAll();
    const elsewhere = Object.entries(kept).filter(([, what]) => what.includes(' ') || what === 'above');
    expect([...called, ...elsewhere.map(([route]) => route)].toSorted()).toEqual(Object.keys(kept).toSorted());
  });
});

describe('the audit', () => {
  it('is found by actor, action, way and time, page by page', async () => {
    const [newest] = await entries();
    const ask = (since: string, until: string) => entries(`since=${encodeURIComponent(since)}&until=${encodeURIComponent(until)}`);
    expect(new Set((await entries('action=list-made')).map(({ action }) => action))).toEqual(new Set(['list-made']));
    expect(new Set((await entries('via=cli')).map(({ via }) => via))).toEqual(new Set(['cli']));
    expect(await ask('2000-01-01', '2000-01-02')).toEqual([]);
    expect((await entries('since=2000-01-01')).length).toBeGreaterThan(5);
    expect(await ask(newest?.date ?? '', '2999-01-01T00:00:00+02:00')).not.toEqual([]);
    await node.refused('BAD_PARAM', ['GET', '/audit/?action=nonsense'], 'action');
    await node.refused('BAD_PARAM', ['GET', '/audit/?since=yesterday'], 'since');
    const all = await entries();
    const found: number[] = [];
    let path = '/audit/?limit=4';
    while (path !== '') {
      const page = await node.want(200, pageOf(auditEntrySchema), ['GET', path]);
      found.push(...page.results.map(({ id }) => id));
      path = page.next_page === null ? '' : `/audit/?limit=4&page=${page.next_page}`;
    }
    expect(found).toEqual(all.map(({ id }) => id));
  });

  it('can not be altered, nor shortened before its time', async () => {
    const run = (sql: string) => query(node.test.database, sql);
    await expect(run(`update audit set actor = 'nobody'`)).rejects.toThrow(/only added to/);
    await expect(run(`delete from audit`)).rejects.toThrow(/only added to/);
    await expect(run(`truncate audit`)).rejects.toThrow(/only added to/);
    await run(
      `insert into audit (date, actor, via, action, object_kind) values (now() - interval '2 years 1 day', 'old', 'api', 'signed-in', 'session')`,
    );
    const before = await entries();
    expect(before.map(({ actor }) => actor)).toContain('old');
    await pruneAudit(node.test.database);
    expect(await entries()).toEqual(before.filter(({ actor }) => actor !== 'old'));
  });

  it('knows only declared actions', async () => {
    const found = await query<{ action: string }>(node.test.database, `select distinct action from audit`);
    for (const { action } of found) expect(auditActions).toContain(action);
  });
});
