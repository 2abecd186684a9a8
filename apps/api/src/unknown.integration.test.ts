import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dossierSchema } from '@dossier/protocol/dossier.ts';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { startNodeApi } from '../../../test/kit/node-api.ts';
import type { NodeApi } from '../../../test/kit/node-api.ts';
import { listRoutes } from './app.ts';
import { createMetrics } from './metrics.ts';
import type { Route } from './route.ts';

let api: NodeApi;
let routes: Route[];
let list: number;
let other: number;
let person: number;
beforeAll(async () => {
  api = await startNodeApi();
  routes = listRoutes(api.deps, createMetrics(api.test.database));
  const makeList = async (name: string): Promise<number> =>
    (await api.want(201, watchListSchema, ['POST', '/dossier-lists/', { name }])).id;
  list = await makeList('Gate');
  other = await makeList('Bridge');
  const made = await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Ada', dossier_lists: [list] }]);
  person = made.id;
  await api.want(201, dossierSchema, ['POST', '/dossiers/', { name: 'Bob', dossier_lists: [other] }]);
});
afterAll(() => api.stop());

const addressOf = (path: string): string => path.replaceAll(/:(\w+)/g, '999999');
const form = { 'content-type': 'application/x-www-form-urlencoded' };

async function idsOf(query: string): Promise<number[]> {
  const { results } = await api.want(200, pageOf(dossierSchema), ['GET', `/dossiers/?${query}`]);
  return results.map(({ id }) => id);
}

describe('parameters', () => {
  test('that a call does not know are refused and named, on every route', async () => {
    for (const { method, path } of routes.filter(({ page }) => page !== true)) {
      const answer = await api.call(method.toUpperCase(), `${addressOf(path)}?looks_like=detection:1&Threshold=0.7`);
      const problem = problemSchema.parse(answer.json);
      expect([method, path, answer.status, problem.code, problem.param]).toEqual([method, path, 400, 'BAD_PARAM', 'looks_like']);
      expect(problem.detail).toBe('The request has parameters "looks_like", "Threshold" that are not known here. Nothing was done.');
    }
  });

  test.each([
    'looks_like=dossierface:1&limit=1',
    'threshold=0.7',
    'offset=20',
    'id_in=1',
    'Dossier_lists=1',
    'LIMIT=1',
    'dossier_lists[0]=1',
    'limit[]=1',
    'dossier_lists[][]=1',
    '__proto__=1',
    'constructor=1',
    '=1',
    ' limit=1',
    `${'dossier_lists=1&'.repeat(1000)}${'&'.repeat(100)}looks_like=1`,
  ])('%s names nobody', async (query) => {
    const answer = await api.call('GET', `/dossiers/?${query}`);
    expect([answer.status, problemSchema.parse(answer.json).code]).toEqual([400, 'BAD_PARAM']);
  });

  test('dossier_lists[] means dossier_lists, however it is written', async () => {
    expect(await idsOf(`dossier_lists[]=${list}`)).toEqual([person]);
    expect(await idsOf(`dossier_lists%5B%5D=${list}`)).toEqual([person]);
    expect(await idsOf(`dossier_lists[]=${list}&dossier_lists=${other}`)).toHaveLength(2);
    expect(await idsOf(`dossier_lists[]=${list}&dossier_lists[]=${other}`)).toHaveLength(2);
    await api.refused('BAD_PARAM', ['GET', '/dossiers/?dossier_lists[]=all'], 'dossier_lists');
  });

  test('that are given twice are refused where one is taken', async () => {
    await api.refused('BAD_PARAM', ['GET', '/dossiers/?limit=1&limit=2'], 'limit');
    await api.refused('BAD_PARAM', ['GET', '/dossiers/?name_contains=Ada&name_contains=Bob'], 'name_contains');
  });

  test('of a page of the web interface are for its scripts', async () => {
    expect((await api.call('GET', '/ui/?next=%2Fdocs%2F')).status).not.toBe(400);
  });
});

describe('fields of a body', () => {
  interface Described {
    paths: Record<string, Record<string, { requestBody?: { content: Record<string, { schema: object }> } }>>;
    components: { schemas: Record<string, object> };
  }

  test('are named in the OpenAPI document, which allows no others', async () => {
    const document = (await api.call('GET', '/openapi.json')).json as Described;
    const open: string[] = [];
    const visit = (schema: object, at: string): void => {
      if ('$ref' in schema) return visit(document.components.schemas[String(schema.$ref).split('/').at(-1) ?? ''] ?? {}, at);
      if ('properties' in schema && (schema as { additionalProperties?: unknown }).additionalProperties !== false) open.push(at);
      for (const [key, value] of Object.entries(schema)) if (typeof value === 'object' && value !== null) visit(value, `${at}.${key}`);
    };
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { requestBody }] of Object.entries(operations)) {
        for (const { schema } of Object.values(requestBody?.content ?? {})) visit(schema, `${method} ${path}`);
      }
    }
    // What a browser says of a passkey may grow (WebAuthn); the library checks it.
    expect(open.filter((at) => !at.includes('.properties.credential'))).toEqual([]);
  });

  test('that a change does not know are refused and named, and nothing is changed', async () => {
    const target = `/dossiers/${person}/`;
    const { detail } = await api.refused('BAD_PARAM', ['PATCH', target, { name: 'Eve', Comment: 'x', face_count: 3 }], 'Comment');
    expect(detail).toBe('The request has fields "Comment", "face_count" that are not known here. Nothing was done.');
    await api.refused('BAD_PARAM', ['PATCH', target, '{"name": "Eve", "__proto__": {"active": false}}'], '__proto__');
    expect(await api.want(200, dossierSchema, ['GET', target])).toMatchObject({ name: 'Ada' });
    await api.refused('BAD_PARAM', ['PATCH', `/dossier-lists/${list}/`, { colour: 'red' }], 'colour');
    const unknown = { name: 'x', dossier_lists: [list], external_Id: '7' };
    await api.refused('BAD_PARAM', ['POST', '/dossiers/', unknown], 'external_Id');
    const guards = { deletions: { count: 1, percent: 1, per: 'day' } };
    expect((await api.refused('BAD_PARAM', ['PATCH', `/sync/dossier-lists/${list}/`, { guards }], 'guards')).detail).toContain(
      '"guards.deletions.per"',
    );
  });

  test('are refused where a call takes none, before anything is done', async () => {
    for (const { method, path, operation } of routes) {
      if (method === 'get' || operation.requestBody !== undefined) continue;
      const verb = method.toUpperCase();
      const json = problemSchema.parse((await api.call(verb, addressOf(path), { body: { active: false } })).json);
      expect([verb, path, json.code, json.param]).toEqual([verb, path, 'BAD_PARAM', 'active']);
      const sent = problemSchema.parse((await api.call(verb, addressOf(path), { body: 'active=false', headers: form })).json);
      expect([verb, path, sent.code, sent.param]).toEqual([verb, path, 'BAD_PARAM', 'active']);
    }
    await api.refused('BAD_PARAM', ['POST', `/dossier-lists/${list}/purge/`, { external_id: '7' }], 'external_id');
    expect(await idsOf(`dossier_lists=${list}`)).toEqual([person]);
  });

  test('of a call that needs none may be left out in every way', async () => {
    const target = `/dossier-lists/${other}/purge/`;
    for (const body of ['', '[]', '{}']) expect((await api.call('POST', target, { body, headers: form })).status).toBe(204);
    expect((await api.call('POST', target, { body: {} })).status).toBe(204);
    expect((await api.call('POST', target, { body: '' })).status).toBe(204);
    expect((await api.call('POST', target)).status).toBe(204);
  });

  test('that clients of FindFace send along are passed over, and no others', async () => {
    const authorization = `Basic ${Buffer.from('admin:admin-password').toString('base64')}`;
    const signIn = (body: unknown, headers = {}) => api.call('POST', '/auth/login/', { body, headers: { authorization, ...headers } });
    expect((await signIn({ video_auth_token: '' })).status).toBe(200);
    expect((await signIn(undefined)).status).toBe(200);
    expect((await signIn('[]', form)).status).toBe(200);
    const refused = await signIn({ video_auth_token: '', password: 'x' });
    expect([refused.status, problemSchema.parse(refused.json).param]).toEqual([400, 'password']);
    const upload = new FormData();
    upload.set('dossier', String(person));
    upload.set('create_from', 'detection:1');
    upload.set('threshold', '0.7');
    const answer = await api.call('POST', '/dossier-faces/', { body: upload });
    expect([answer.status, problemSchema.parse(answer.json).param]).toEqual([400, 'threshold']);
    await api.refused('BAD_PARAM', ['PATCH', `/dossiers/${person}/`, { video_auth_token: '' }], 'video_auth_token');
  });
});

describe('methods', () => {
  const pathsOf = (): Map<string, Set<string>> => {
    const paths = new Map<string, Set<string>>();
    for (const { method, path } of routes) {
      const methods = paths.get(path) ?? new Set();
      for (const name of method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]) methods.add(name);
      paths.set(path, methods);
    }
    return paths;
  };
  const target = (path: string): string => addressOf(path).replace('*address', 'overview');

  test('that a path has are told by OPTIONS to everybody, the others are refused with them', async () => {
    for (const [path, methods] of pathsOf()) {
      for (const slash of [target(path), target(path).replace(/(.)\/$/, '$1')]) {
        const options = await fetch(api.url + slash, { method: 'OPTIONS' });
        const allowed = (options.headers.get('allow') ?? '').split(', ');
        expect([path, options.status, await options.text()]).toEqual([path, 204, '']);
        expect([path, ...allowed]).toEqual([path, ...methods, 'OPTIONS']);
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'].filter((name) => !allowed.includes(name))) {
          const answer = await api.call(method, slash);
          expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 405, allowed.join(', ')]);
          expect(problemSchema.parse(answer.json).code).toBe('METHOD_NOT_ALLOWED');
        }
      }
    }
    expect((await fetch(`${api.url}/nothing/`, { method: 'OPTIONS' })).status).toBe(404);
  });

  test('HEAD is answered as GET is, without the body', async () => {
    const streams = ['/sync/events/', '/events/'];
    for (const { path } of routes.filter(({ method }) => method === 'get')) {
      if (streams.includes(path)) continue;
      const at = target(path).replace('999999', path.startsWith('/dossiers') ? String(person) : String(list));
      const [get, head] = [await api.call('GET', at), await api.call('HEAD', at)];
      const told = ({ status, headers }: typeof get) => [path, status, headers.get('content-type')];
      expect([...told(head), head.text]).toEqual([...told(get), '']);
    }
    for (const path of streams) {
      const stream = await fetch(`${api.url}${path}`, { method: 'HEAD', headers: { authorization: `Token ${api.tokens.viewer}` } });
      expect([path, stream.status, await stream.text()]).toEqual([path, 200, '']);
    }
  });
});
