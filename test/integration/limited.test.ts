import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { mayActAs } from '@dossier/domain/role.ts';
import { dossierPageSchema } from '@dossier/protocol/dossier.ts';
import { currentSessionSchema } from '@dossier/protocol/session.ts';
import { issuedTokenSchema, userDetailsSchema } from '@dossier/protocol/user.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { query, transaction } from '@dossier/postgres/database.ts';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import { makePictured } from '../kit/persons.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Users and tokens that are limited to one watch list of two: of the other one, and of whom only that holds, nothing is there for them, on any route. */

const betrayed = /zyxmark|Foreign/i;

let node: NodeApi;
let mine: number;
let foreign: number;
let own: number;
let shared: number;
let stranger: number;
const asking: Record<string, { token: string; role: 'viewer' | 'operator' | 'admin' }> = {};
let numbers: string[];
let faces: string[];
let hashes: string[];

const makePerson = async (name: string, lists: number[], colour: string): Promise<number> =>
  (await makePictured(node, { name, comment: 'of old', dossier_lists: lists }, colour)).id;

beforeAll(async () => {
  node = await startNodeApi({ INSTALLED_APPS: 'ffsecurity_sync' });
  [mine, foreign] = [await node.makeList('Mine'), await node.makeList('Foreign')];
  own = await makePerson('Own Lindqvist', [mine], 'red');
  shared = await makePerson('Shared Lindqvist', [mine, foreign], 'green');
  stranger = await makePerson('Zyxmark Lindqvist', [foreign], 'blue');
  const gone = await makePerson('Zyxmark Gone', [foreign], 'yellow');
  await node.call('PATCH', `/dossiers/${stranger}/`, { body: { name: 'Zyxmark Renamed' } });
  await node.call('DELETE', `/dossiers/${gone}/`);
  for (const role of ['viewer', 'operator'] as const) {
    const user = await node.want(201, userDetailsSchema, [
      'POST',
      '/users/',
      { name: `limited ${role}`, role, password: `a limited ${role} asks`, dossier_lists: [mine] },
    ]);
    expect(user.dossier_lists).toEqual([mine]);
    const { token } = await issueToken(node.test.database, { userId: user.id, kind: 'api', label: '', lifetimeMs: null });
    asking[role] = { token, role };
  }
  const issued = await node.want(201, issuedTokenSchema, ['POST', '/tokens/', { label: 'limited', dossier_lists: [mine] }]);
  asking['a token of the administrator'] = { token: issued.token, role: 'admin' };
  const { database } = node.test;
  const ids = await query<{ id: string }>(
    database,
    `select distinct id::text from (select id from history union select id from watch_lists union select id from dossiers union select id from audit union select id from deletions union select id from users
       union select id from tokens) i`,
  );
  numbers = ids.map(({ id }) => id);
  const shown = await query<{ id: string; sha256: string; name: string }>(
    database,
    `select distinct d.id || '-' || (p ->> 'sha256') as id, p ->> 'sha256' as sha256, d.name from dossiers d, json_array_elements(d.photos) p`,
  );
  const others = shown.filter(({ name }) => betrayed.test(name));
  faces = others.map(({ id }) => id);
  hashes = others.map(({ sha256 }) => sha256);
  expect(hashes).toHaveLength(2);
});
afterAll(() => node.stop());

async function ask(token: string, method: string, path: string, body?: unknown) {
  const aborting = new AbortController();
  const answer = await fetch(new URL(path, node.url), {
    method,
    headers: { authorization: `Token ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: aborting.signal,
    redirect: 'manual',
  });
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = isStream ? '' : Buffer.from(await answer.arrayBuffer()).toString('latin1');
  aborting.abort();
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', text };
}

const routes = () =>
  listRoutes(node.deps, createMetrics(node.test.database)).filter(({ access, path }) => access !== 'everyone' && !path.startsWith('/docs'));

/** All paths of a route for what there is. */
function targetsOf(path: string): string[] {
  const ids = path.includes(':id') ? [...numbers, ...faces] : [''];
  return ids
    .map((id) => path.replace(':id', id).replace(':run', '1').replace(':file', 'none'))
    .flatMap((target) => (target.includes(':sha256') ? hashes.map((sha256) => target.replace(':sha256', sha256)) : [target]))
    .flatMap((target) =>
      path.includes(':')
        ? [target]
        : [
            target,
            `${target}?q=zyx`,
            `${target}?name=Zyxmark%20Renamed`,
            `${target}?name_contains=zyx`,
            `${target}?dossier_lists=${foreign}`,
            `${target}?dossier=${stranger}`,
            ...hashes.map((sha256) => `${target}?sha256=${sha256}`),
          ],
    );
}

describe('whoever is limited to a list', () => {
  it('is told nothing of another one by any route that reads', async () => {
    for (const [who, { token }] of Object.entries(asking)) {
      for (const { path } of routes().filter(({ method }) => method === 'get')) {
        for (const target of targetsOf(path)) {
          const { status, text, type } = await ask(token, 'GET', target);
          expect(text.replace(target, ''), `${who}: ${target}`).not.toMatch(betrayed);
          if (faces.some((face) => target.includes(face)) || hashes.some((sha256) => target.includes(`/${sha256}`)))
            expect([status, type.startsWith('image/')], `${who}: ${target}`).toEqual([status, false]);
        }
      }
    }
  }, 120_000);

  it('finds nothing where a route does not say what there is for such a user', async () => {
    for (const [who, { token, role }] of Object.entries(asking)) {
      for (const { method, path, access, limited } of routes()) {
        if (limited !== undefined || path.startsWith('/auth/') || access === 'everyone' || !mayActAs(role, access)) continue;
        for (const target of path.includes(':') ? targetsOf(path).slice(0, 3) : [path]) {
          const { status } = await ask(token, method.toUpperCase(), target);
          expect(status, `${who}: ${method} ${target}`).toBe(404);
        }
      }
    }
  });

  it('sees the own list and whom it holds, and no other list of theirs', async () => {
    for (const { token } of Object.values(asking)) {
      const session = currentSessionSchema.parse(JSON.parse((await ask(token, 'GET', '/auth/session/')).text));
      expect(session.dossier_lists).toEqual([mine]);
      const page = dossierPageSchema.parse(JSON.parse((await ask(token, 'GET', '/dossiers/')).text));
      expect(page.results.map(({ id, dossier_lists: lists }) => [id, lists])).toEqual([
        [own, [mine]],
        [shared, [mine]],
      ]);
      expect(JSON.parse((await ask(token, 'GET', '/dossiers/count/')).text)).toMatchObject({ count: 2 });
      expect((await ask(token, 'GET', `/dossiers/${shared}/`)).status).toBe(200);
      expect((await ask(token, 'GET', `/dossiers/${stranger}/`)).status).toBe(404);
      expect((await ask(token, 'GET', '/dossiers/export/?format=jsonl')).text.trim().split('\n')).toHaveLength(2);
      expect((await ask(token, 'GET', `/dossier-lists/${foreign}/export/`)).status).toBe(404);
      expect((await ask(token, 'GET', `/dossier-lists/${mine}/changes/`)).status).toBe(200);
    }
  });

  it('writes into the own list, and whom no other one holds', async () => {
    const { token } = asking['operator'] ?? { token: '' };
    expect((await ask(token, 'POST', '/dossiers/', { name: 'New', dossier_lists: [foreign] })).status).toBe(400);
    expect((await ask(token, 'POST', '/dossiers/', { name: 'New', dossier_lists: [mine, foreign] })).text).toContain(
      `there is no watch list ${foreign}`,
    );
    expect((await ask(token, 'POST', '/dossiers/', { name: 'New', dossier_lists: [mine] })).status).toBe(201);
    expect((await ask(token, 'PATCH', `/dossiers/${own}/`, { comment: 'seen' })).status).toBe(200);
    expect((await ask(token, 'PATCH', `/dossiers/${own}/`, { dossier_lists: [foreign] })).status).toBe(400);
    for (const id of [shared, stranger]) {
      expect((await ask(token, 'PATCH', `/dossiers/${id}/`, { comment: 'seen' })).status).toBe(404);
      expect((await ask(token, 'DELETE', `/dossiers/${id}/`)).status).toBe(404);
    }
    const kept = await query<{ name: string }>(
      node.test.database,
      `select name from dossiers where set_id = set_of(:foreign) and comment = 'of old' order by 1`,
      { foreign },
    );
    expect(kept.map(({ name }) => name)).toEqual(['Shared Lindqvist', 'Zyxmark Renamed']);
  });

  it('changes nobody whom another list has got while the change waited', async () => {
    const { token } = asking['operator'] ?? { token: '' };
    const { database } = node.test;
    for (const [method, body] of [
      ['PATCH', { comment: 'overtaken' }],
      ['DELETE', undefined],
    ] as const) {
      const id = await makePerson('Overtaken Lindqvist', [mine], 'black');
      const answer = await transaction(database, async (tx) => {
        await query(tx, `select from list_positions where list_id = any(array[:mine, :foreign]::bigint[]) order by list_id for update`, {
          mine,
          foreign,
        });
        const asked = ask(token, method, `/dossiers/${id}/`, body);
        await expect.poll(() => query(database, `select from pg_locks where not granted`)).not.toEqual([]);
        await query(
          tx,
          `insert into dossiers (set_id, uuid, name, comment) select set_of(:foreign), uuid, name, comment from dossiers where id = :id`,
          { id, foreign },
        );
        return { asked };
      });
      expect((await answer.asked).status, method).toBe(404);
      const kept = await query<{ comment: string }>(database, `select comment from dossiers where id = :id`, { id });
      expect(kept).toEqual([{ comment: 'of old' }, { comment: 'of old' }]);
    }
  });

  it('makes no token that sees more', async () => {
    const { token } = asking['a token of the administrator'] ?? { token: '' };
    const made = issuedTokenSchema.parse(JSON.parse((await ask(token, 'POST', '/tokens/', { label: 'more' })).text));
    expect(made.dossier_lists).toEqual([mine]);
    expect((await ask(token, 'POST', '/tokens/', { label: 'other', dossier_lists: [foreign] })).status).toBe(400);
    expect((await ask(made.token, 'GET', `/dossiers/${stranger}/`)).status).toBe(404);
  });
});

it('an administrator can not be limited, nor a limited user become one', async () => {
  await node.refused(
    'BAD_PARAM',
    ['POST', '/users/', { name: 'boss', role: 'admin', password: 'a limited boss asks', dossier_lists: [mine] }],
    'dossier_lists',
  );
  const [user] = await query<{ id: number }>(node.test.database, `select id from users where name = 'limited viewer'`);
  await node.refused('BAD_PARAM', ['PATCH', `/users/${user?.id}/`, { role: 'admin' }], 'dossier_lists');
  await node.refused('BAD_PARAM', ['PATCH', `/users/${user?.id}/`, { dossier_lists: [987_654] }], 'dossier_lists');
  // One that was deleted since it was given is sent back by whoever sends what was read.
  const gone = await node.makeList('Gone');
  const both = await node.want(200, userDetailsSchema, ['PATCH', `/users/${user?.id}/`, { dossier_lists: [mine, gone] }]);
  expect((await node.call('DELETE', `/dossier-lists/${gone}/`)).status).toBe(204);
  const { dossier_lists: left } = await node.want(200, userDetailsSchema, [
    'PATCH',
    `/users/${user?.id}/`,
    { dossier_lists: both.dossier_lists },
  ]);
  expect(left).toEqual([mine]);
  expect(await node.want(200, userDetailsSchema, ['PATCH', `/users/${user?.id}/`, { role: 'admin', dossier_lists: null }])).toMatchObject({
    role: 'admin',
    dossier_lists: null,
  });
});

/** The lists of the events that come, until one has come of this list. */
async function heardUntil(events: AsyncIterator<Buffer>, list: number): Promise<number[]> {
  let text = '';
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error(`the stream ended after ${text}`);
    text += String(value);
    const lists = [...text.matchAll(/"slave_dossier_list":(\d+)/g)].map((match) => Number(match[1]));
    if (lists.includes(list)) return lists;
  }
}

it('whoever is limited to a list hears of no other link, and is shown none', async () => {
  const { token } = asking['operator'] ?? { token: '' };
  const link = async (list: number) => {
    const body = { remote_url: 'http://127.0.0.1:9/', remote_dossier_list: 1, slave_dossier_list: list };
    expect((await node.call('POST', '/sync/dossier-lists/', { body })).status).toBe(202);
  };
  await link(foreign);
  for (const path of ['/sync/events/', '/events/']) {
    const leaving = new AbortController();
    const stream = await fetch(new URL(path, node.url), { headers: { authorization: `Token ${token}` }, signal: leaving.signal });
    const events = Readable.fromWeb(stream.body as never)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    if (path === '/sync/events/') await link(mine);
    expect([...new Set(await heardUntil(events, mine))]).toEqual([mine]);
    await query(node.test.database, `update links set remote_name = 'changed before' where slave_list_id = :foreign`, { foreign });
    await query(node.test.database, `update links set remote_name = :path where slave_list_id = :mine`, { mine, path });
    expect([...new Set(await heardUntil(events, mine))]).toEqual([mine]);
    leaving.abort();
  }
  const { results } = JSON.parse((await ask(token, 'GET', '/sync/dossier-lists/')).text) as { results: { slave_dossier_list: number }[] };
  expect(results.map((found) => found.slave_dossier_list)).toEqual([mine]);
  expect((await ask(token, 'GET', `/sync/dossier-lists/${mine}/`)).status).toBe(200);
  expect((await ask(token, 'GET', `/sync/dossier-lists/${foreign}/`)).status).toBe(404);
});
