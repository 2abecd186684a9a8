import { randomUUID } from 'node:crypto';
import type { Position } from '@dossier/domain/position.ts';
import { noteFollower } from '@dossier/feed/followers.ts';
import { nodeSchema, settingsSchema, slaveSchema } from '@dossier/protocol/node.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import {
  deadLetterCountSchema,
  deadLetterSchema,
  linkSchema,
  offlineDeletionSchema,
  previewSchema,
  runSchema,
} from '@dossier/protocol/sync.ts';
import { issuedTokenSchema, tokenSchema, userDetailsSchema } from '@dossier/protocol/user.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

const secrets = { SYNC_TOKEN: 'a-secret-of-the-sites-of-thirty-two', ADMIN_PASSWORD: 'a-secret-password', ADMIN_TOKEN: 'a-secret-token' };

let master: NodeApi;
let slave: NodeApi;
beforeAll(async () => {
  [master, slave] = await Promise.all([
    startNodeApi({ ...secrets, SYNC_TIME: '04:25', TIME_ZONE: 'Europe/Athens' }),
    startNodeApi({ ...secrets, DATABASE_URL: 'postgresql://user:a-secret-word@db.example/x', INSTALLED_APPS: 'ffsecurity_sync' }),
  ]);
  await slave.work();
});
afterAll(async () => {
  await Promise.all([master.stop(), slave.stop()]);
});

/** A list of the master with these dossiers. */
async function offer(names: readonly string[]): Promise<number> {
  const list = await master.makeList('Offered');
  for (const name of names) await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [list] } });
  return list;
}

async function follow(remote: number, local: number): Promise<void> {
  const body = { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: local };
  const answer = await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } });
  expect([answer.status, linkSchema.parse(answer.json).state]).toEqual([200, 'synced']);
}

/** What a person in a browser sends with each request. */
async function signIn(node: NodeApi, role = 'admin'): Promise<string> {
  const answer = await fetch(`${node.url}/auth/login/?cookie=1`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${role}:${role}-password`)}`, 'user-agent': 'Mozilla/5.0 (a browser)' },
  });
  expect(answer.status).toBe(200);
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

describe('the node', () => {
  it('says what it is to others', async () => {
    const lonely = await master.want(200, nodeSchema, ['GET', '/node/']);
    expect(lonely).toMatchObject({
      uuid: master.deps.nodeUuid,
      master: false,
      slave: false,
      installed_apps: [],
      time_zone: 'Europe/Athens',
    });
    expect(lonely.sync_time).toEqual({ hour: 4, minute: 25 });
    const remote = await offer(['One']);
    const local = await slave.makeList();
    await follow(remote, local);
    expect(await slave.want(200, nodeSchema, ['GET', '/node/'])).toMatchObject({
      master: false,
      slave: true,
      installed_apps: ['ffsecurity_sync'],
    });
    await expect.poll(() => master.want(200, nodeSchema, ['GET', '/node/'])).toMatchObject({ master: true, slave: false });
    await slave.call('DELETE', `/sync/dossier-lists/${local}/`);
  });

  it('shows its settings without a secret', async () => {
    const answer = await slave.call('GET', '/settings/');
    const settings = new Map(settingsSchema.parse(answer.json).map((setting) => [setting.key, setting]));
    expect(answer.text).not.toContain('a-secret');
    expect(settings.get('SYNC_TOKEN')).toMatchObject({ value: '••••••••', secret: true, source: 'environment' });
    expect(settings.get('SYNC_TOKEN_PREVIOUS')).toMatchObject({ value: null, secret: true, source: 'default', fingerprint: null });
    expect(settings.get('DATABASE_URL')?.value).toBe('postgresql://user:***@db.example/x');
    expect(settings.get('SYNC_TIME')).toMatchObject({ value: '03:00', source: 'default', secret: false });
    expect(settings.get('INSTALLED_APPS')?.value).toBe('ffsecurity_sync');
    const other = settingsSchema.parse((await master.call('GET', '/settings/')).json).find(({ key }) => key === 'SYNC_TOKEN');
    expect(other?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(settings.get('SYNC_TOKEN')?.fingerprint).toBe(other?.fingerprint);
  });
});

describe('slaves', () => {
  it('are known on the master with what they hold', async () => {
    const remote = await offer(['One', 'Two']);
    const local = await slave.makeList();
    await follow(remote, local);
    const find = async () =>
      (await master.want(200, pageOf(slaveSchema), ['GET', '/sync/slaves/?limit=1000'])).results.find(
        (each) => each.dossier_list === remote,
      );
    await expect.poll(find).toMatchObject({
      node: slave.deps.nodeUuid,
      name: 'Offered',
      address: '127.0.0.1',
      version: '0.1.0',
      behind: 0,
      behind_since: null,
    });
    const before = new Date().toISOString();
    const { json: third } = await master.call('POST', '/dossiers/', { body: { name: 'Three', dossier_lists: [remote] } });
    expect(await find()).toMatchObject({ behind: 1 });
    const since = (await find())?.behind_since ?? '';
    expect(since >= before).toBe(true);
    // A verification asks without saying where the slave stands.
    await slave.call('POST', `/sync/dossier-lists/${local}/sync/`, { body: { mode: 'verify' } });
    const lastRun = async () =>
      (await slave.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${local}/runs/?limit=1`])).results[0];
    await expect.poll(lastRun).toMatchObject({ mode: 'verify', finished_date: expect.any(String) });
    // It was seen to lack a change, and lacks one since then, whatever comes after it.
    await expect.poll(find).toMatchObject({ behind: 1, behind_since: since });
    await master.call('POST', '/dossiers/', { body: { name: 'Four', dossier_lists: [remote] } });
    await master.call('PATCH', `/dossiers/${(third as { id: number }).id}/`, { body: { comment: 'Changed' } });
    expect(await find()).toMatchObject({ behind: 2, behind_since: since });
    await master.call('DELETE', `/dossiers/${(third as { id: number }).id}/`);
    expect(await find()).toMatchObject({ behind: 2, behind_since: since });
    // Once it has everything, it is behind since the next change, however old the dates that a dossier bears.
    await slave.call('POST', `/sync/dossier-lists/${local}/sync/`);
    await expect.poll(find).toMatchObject({ behind: 0, behind_since: null });
    const later = new Date().toISOString();
    await query(
      master.test.database,
      `insert into dossiers (set_id, name, created_date, modified_date) values (set_of(:remote), 'Restored', '2020-01-01', '2020-01-01')`,
      { remote },
    );
    const restored = await find();
    expect(restored?.behind).toBe(1);
    expect((restored?.behind_since ?? '') >= later).toBe(true);
    await query(master.test.database, `update list_positions set epoch = gen_random_uuid() where list_id = :remote`, { remote });
    expect(await find()).toMatchObject({ behind: null, behind_since: null });
    const one = await master.want(200, pageOf(slaveSchema), ['GET', '/sync/slaves/?limit=1']);
    expect(one.next_page).not.toBeNull();
    const next = await master.want(200, pageOf(slaveSchema), ['GET', `/sync/slaves/?limit=1&page=${one.next_page}`]);
    expect(next.results[0]?.dossier_list).not.toBe(one.results[0]?.dossier_list);
    await slave.call('DELETE', `/sync/dossier-lists/${local}/`);
  });
});

it('a slave of a list that changes all the time is behind since it last took changes', async () => {
  const remote = await offer(['One']);
  const { database } = master.test;
  const sighting = { node: randomUUID(), address: '10.0.0.9', version: null, siteId: null };
  const heads: Position[] = [];
  /** After a further change it says where it stands: at the head, or at one before. */
  const note = async (lacking: number): Promise<{ since: Date | null; changed: Date } | undefined> => {
    await query(database, `insert into dossiers (set_id, name) values (set_of(:remote), 'Another')`, { remote });
    heads.unshift(
      ...(await query<Position>(
        database,
        `select epoch, revision, dossier_count as count, encode(digest, 'hex') as digest from list_positions where list_id = :remote`,
        { remote },
      )),
    );
    const position = heads[lacking] ?? null;
    const holding = { listId: remote, position, copy: null, appliedDate: null, state: null, setAside: null };
    await noteFollower(database, sighting, [holding], null);
    const [seen] = await query<{ since: Date | null; changed: Date }>(
      database,
      `select behind_since as since, changed_date as changed from followers join list_positions using (list_id) where node = :node`,
      sighting,
    );
    return seen;
  };
  expect((await note(0))?.since).toBeNull();
  const first = await note(1);
  expect(first?.since).toEqual(first?.changed);
  expect((await note(2))?.since).toEqual(first?.changed);
  const later = await note(1);
  expect(later?.since).toEqual(later?.changed);
  expect((await note(0))?.since).toBeNull();
});

describe('the preview of a link', () => {
  const preview = (remote: number, local: number) =>
    slave.want(200, previewSchema, [
      'POST',
      '/sync/preview/',
      { remote_url: master.url, remote_dossier_list: remote, slave_dossier_list: local },
    ]);

  it('counts what the first sync removes, and changes nothing', async () => {
    const remote = await offer(['One', 'Two', 'Three']);
    const local = await slave.makeList();
    expect(await preview(remote, local)).toEqual({ remote_name: 'Offered', remote_count: 3, local_count: 0, removed: 0 });
    await follow(remote, local);
    expect(await preview(remote, local)).toMatchObject({ local_count: 3, removed: 0 });
    await slave.call('DELETE', `/sync/dossier-lists/${local}/`);
    await expect.poll(async () => (await slave.call('GET', `/sync/dossier-lists/${local}/`)).status).toBe(404);
    await query(
      slave.test.database,
      `insert into dossiers (set_id, name) select set_of(:local), 'Own ' || n from generate_series(1, 500) n`,
      { local },
    );
    await query(slave.test.database, `update dossiers set comment = 'changed' where name = 'Two'`);
    expect(await preview(remote, local)).toEqual({ remote_name: 'Offered', remote_count: 3, local_count: 503, removed: 500 });
    const [left] = await query<{ count: number }>(
      slave.test.database,
      `select count(*) as count from dossiers where set_id = set_of(:local)`,
      {
        local,
      },
    );
    expect(left?.count).toBe(503);
  });

  it('says why there is none', async () => {
    const local = await slave.makeList();
    const ask = (body: object) =>
      ['POST', '/sync/preview/', { remote_url: master.url, remote_dossier_list: 1, slave_dossier_list: local, ...body }] as [
        string,
        string,
        object,
      ];
    await slave.refused('CONFLICT', ask({ remote_dossier_list: 99_999 }), 'remote_url');
    await slave.refused('BAD_PARAM', ask({ slave_dossier_list: 99_999 }), 'slave_dossier_list');
    await slave.refused('BAD_PARAM', ask({ remote_url: 'nowhere' }), 'remote_url');
    await slave.refused('CONFLICT', ask({ remote_url: slave.url }), 'remote_url');
    await slave.refused('UNAVAILABLE', ask({ remote_url: 'http://127.0.0.1:1' }), 'remote_url');
  });
});

describe('dead letters and offline deletions', () => {
  async function makeLetters(count: number): Promise<number[]> {
    const lists = [];
    for (let each = 0; each < count; each += 1) {
      const list = await master.makeList();
      await query(
        master.test.database,
        `with link as (insert into links (slave_list_id, remote_url, remote_list_id, state) values (:list, 'http://away.example', 1, 'failed')),
           run as (insert into runs (slave_list_id, reason, state, finished_date) values (:list, 'link', 'dead', now()) returning id)
         insert into dead_letters (slave_list_id, run_id, phase, code, sentence, remedy) select :list, id, 'greeting', 'X', 'x.', 'y.' from run`,
        { list },
      );
      lists.push(list);
    }
    return lists;
  }

  it('are retried and discarded all at once', async () => {
    const lists = await makeLetters(3);
    expect(await master.want(202, deadLetterCountSchema, ['POST', '/sync/dead-letters/retry/'])).toEqual({ count: 3 });
    for (const list of lists) {
      const runs = await master.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${list}/runs/`]);
      expect(runs.results[0]).toMatchObject({ state: 'queued', reason: 'person' });
    }
    expect((await master.want(200, pageOf(deadLetterSchema), ['GET', '/sync/dead-letters/'])).results).toHaveLength(3);
    expect(await master.want(200, deadLetterCountSchema, ['DELETE', '/sync/dead-letters/'])).toEqual({ count: 3 });
    expect(await master.want(200, deadLetterCountSchema, ['DELETE', '/sync/dead-letters/'])).toEqual({ count: 0 });
    await query(master.test.database, `delete from links`);
  });

  it('of all lists are listed, open and settled ones apart', async () => {
    await query(
      slave.test.database,
      `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by, settled_as, settled_date)
       values (1, gen_random_uuid(), 1, 'open', 'x', null, null), (2, gen_random_uuid(), 2, 'settled', 'x', 'restored', now())`,
    );
    const names = async (ask: string) =>
      (await slave.want(200, pageOf(offlineDeletionSchema), ['GET', `/sync/offline-deletions/${ask}`])).results.map(({ name }) => name);
    expect(await names('')).toEqual(['settled', 'open']);
    expect(await names('?settled=false')).toEqual(['open']);
    expect(await names('?settled=true')).toEqual(['settled']);
    expect(await names('?slave_dossier_list=1')).toEqual(['open']);
    expect(await names('?slave_dossier_list=1&settled=true')).toEqual([]);
    await slave.refused('BAD_PARAM', ['GET', '/sync/offline-deletions/?settled=maybe'], 'settled');
  });
});

describe('replication in the web interface', () => {
  it('is refused to a session where the plugin is not installed, and never to a token', async () => {
    const cookie = await signIn(master);
    const refused = await fetch(`${master.url}/SYNC/dossier-lists/`, { headers: { cookie } });
    const problem = problemSchema.parse(await refused.json());
    expect([refused.status, problem.code]).toEqual([403, 'PERMISSION_DENIED']);
    expect(problem.desc).toMatch(/ffsecurity_sync.*INSTALLED_APPS/);
    expect((await fetch(`${master.url}/dossier-lists/`, { headers: { cookie } })).status).toBe(200);
    expect((await master.call('GET', '/sync/dossier-lists/')).status).toBe(200);
    const enabled = await signIn(slave);
    expect((await fetch(`${slave.url}/sync/dossier-lists/`, { headers: { cookie: enabled } })).status).toBe(200);
  });
});

describe('users and tokens', () => {
  const list = async (path: string) => (await master.want(200, pageOf(tokenSchema), ['GET', path])).results;

  it('are made, changed and deleted', async () => {
    const made = await master.want(201, userDetailsSchema, [
      'POST',
      '/users/',
      { name: 'gate', role: 'viewer', password: 'old harbour lantern' },
    ]);
    expect(made).toMatchObject({ name: 'gate', role: 'viewer', active: true, last_sign_in: null, session_count: 0, token_count: 0 });
    await master.refused('CONFLICT', ['POST', '/users/', { name: 'gate', role: 'viewer', password: 'old harbour lantern' }], 'name');
    await master.refused('BAD_PARAM', ['POST', '/users/', { name: 'a:b', role: 'viewer', password: 'x' }], 'name');
    await master.refused('BAD_PARAM', ['POST', '/users/', { name: 'c', role: 'king', password: 'x' }], 'role');
    const login = (password: string) =>
      fetch(`${master.url}/auth/login/`, { method: 'POST', headers: { authorization: `Basic ${btoa(`gate:${password}`)}` } });
    const session = (await (await login('old harbour lantern')).json()) as { token: string };
    const may = async (token: string) => (await fetch(`${master.url}/node/`, { headers: { authorization: `Token ${token}` } })).status;
    expect(await may(session.token)).toBe(200);
    const path = `/users/${made.id}/`;
    const token = await master.want(201, issuedTokenSchema, [
      'POST',
      '/tokens/',
      { label: 'for the gate', user: made.id, expires_in_days: 2 },
    ]);
    expect(token).toMatchObject({ kind: 'api', user: { name: 'gate' }, current: false });
    expect(await may(token.token)).toBe(200);
    const changed = await master.want(200, userDetailsSchema, ['PATCH', path, { password: 'new harbour lantern', role: 'operator' }]);
    expect(changed).toMatchObject({ role: 'operator', session_count: 0, token_count: 0, ended: { sessions: 1, tokens: 1 } });
    expect(changed.last_sign_in).not.toBeNull();
    expect([await may(session.token), await may(token.token), (await login('old harbour lantern')).status]).toEqual([401, 401, 401]);
    await master.want(200, userDetailsSchema, ['PATCH', path, { active: false }]);
    expect([await may(token.token), (await login('new harbour lantern')).status]).toEqual([401, 401]);
    expect((await master.call('DELETE', path)).status).toBe(204);
    await master.refused('NOT_FOUND', ['PATCH', path, { active: true }]);
    expect(await list(`/tokens/?user=${made.id}`)).toEqual([]);
  });

  it('have names of one line; who has another from before still signs in', async () => {
    for (const name of ['', 'two\nlines', 'two\r\nlines', 'bell\u0007', 'line\u2028separator', 'x'.repeat(257)]) {
      const { detail } = await master.refused('BAD_PARAM', ['POST', '/users/', { name, role: 'viewer', password: 'x' }], 'name');
      expect(detail).toMatch(/^name: must (have 1 to 256 characters|not hold line breaks or other control characters)\.$/);
    }
    const user = await master.want(201, userDetailsSchema, [
      'POST',
      '/users/',
      { name: 'Zoë Ünal', role: 'viewer', password: 'a harbour lantern' },
    ]);
    await query(master.test.database, `update users set name = E'two\nlines' where id = :id`, { id: user.id });
    const authorization = `Basic ${btoa('two\nlines:a harbour lantern')}`;
    expect((await fetch(`${master.url}/auth/login/`, { method: 'POST', headers: { authorization } })).status).toBe(200);
    await master.want(200, userDetailsSchema, ['PATCH', `/users/${user.id}/`, { role: 'operator' }]);
    expect((await master.call('DELETE', `/users/${user.id}/`)).status).toBe(204);
  });

  it('never leave a node without an administrator', async () => {
    const users = (await master.want(200, pageOf(userDetailsSchema), ['GET', '/users/'])).results.filter(({ role }) => role === 'admin');
    expect(users).toHaveLength(1);
    const path = `/users/${users[0]?.id}/`;
    await master.refused('CONFLICT', ['PATCH', path, { role: 'operator' }]);
    await master.refused('CONFLICT', ['PATCH', path, { active: false }]);
    await master.refused('CONFLICT', ['DELETE', path]);
    expect((await master.call('GET', '/users/')).status).toBe(200);
  });

  it('show each user no more than the own', async () => {
    const own = await master.call('GET', '/tokens/', { role: 'viewer' });
    expect(
      pageOf(tokenSchema)
        .parse(own.json)
        .results.map(({ user, current }) => [user.name, current]),
    ).toEqual([['viewer', true]]);
    const others = await list('/tokens/?kind=api&limit=100');
    expect(new Set(others.map(({ user }) => user.name))).toEqual(new Set(['admin', 'operator', 'viewer']));
    const admins = others.find(({ user }) => user.name === 'admin');
    expect((await master.call('DELETE', `/tokens/${admins?.id}/`, { role: 'viewer' })).status).toBe(404);
    const foreign = await master.call('POST', '/tokens/', { role: 'viewer', body: { label: 'x', user: admins?.user.id } });
    expect(foreign.status).toBe(403);
    const made = issuedTokenSchema.parse((await master.call('POST', '/tokens/', { role: 'viewer', body: { label: 'mine' } })).json);
    expect((await master.call('DELETE', `/tokens/${made.id}/`, { role: 'viewer' })).status).toBe(204);
    const cookie = await signIn(master, 'viewer');
    const sessions = await list('/tokens/?kind=session');
    expect(sessions[0]).toMatchObject({ kind: 'session', label: 'Mozilla/5.0 (a browser)', user: { name: 'viewer' } });
    expect((await master.call('DELETE', `/tokens/${sessions[0]?.id}/`)).status).toBe(204);
    expect((await fetch(`${master.url}/node/`, { headers: { cookie } })).status).toBe(401);
  });
});
