import { auditActions } from '@dossier/domain/audit.ts';
import { auditEntrySchema } from '@dossier/protocol/audit.ts';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { pruneAudit } from '@dossier/store/audit.ts';
import { query } from '@dossier/store/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi({ INSTALLED_APPS: 'ffsecurity_sync' });
});
afterAll(() => node.stop());

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

describe('the audit', () => {
  it('is found by actor, action, way and time, page by page', async () => {
    const [newest] = await entries();
    const ask = (since: string, until: string) => entries(`since=${encodeURIComponent(since)}&until=${encodeURIComponent(until)}`);
    expect(await entries('action=list-made')).toHaveLength(1);
    expect((await entries('via=cli')).map(({ via }) => via)).toEqual(['cli']);
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
