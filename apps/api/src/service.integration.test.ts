import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pino } from 'pino';
import { healthSchema, readinessSchema } from '@dossier/protocol/health.ts';
import { openDatabase } from '@dossier/postgres/database.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';
import { freePort } from '../../../test/kit/free-port.ts';
import { listRoutes } from './app.ts';
import { createMetrics } from './metrics.ts';
import { startApi } from './serve.ts';

const lines: string[] = [];
let api: TestApi;
let queueDown = false;
beforeAll(async () => {
  api = await startTestApi({
    logger: pino({ level: 'debug' }, { write: (line: string) => lines.push(line) }),
    queues: {
      prove: () => (queueDown ? Promise.reject(new Error('redis://user:secret@host is away')) : Promise.resolve(null)),
      lastWork: () => Promise.resolve(new Date()),
      counts: () => Promise.reject(new Error('redis://user:secret@host is away')),
    },
    routes: [
      {
        method: 'get',
        path: '/test/defect/',
        access: 'viewer',
        operation: { responses: {} },
        handle: () => Promise.reject(new Error('select secret from users')),
      },
    ],
  });
});
afterAll(() => api.stop());

test('health and readiness tell what is wrong, and nothing more', async () => {
  expect(await api.want(200, healthSchema, ['GET', '/healthz'])).toEqual({ status: 'ok' });
  expect(await api.want(200, readinessSchema, ['GET', '/readyz'])).toEqual({
    status: 'ok',
    checks: { database: 'ok', schema: 'ok', queue: 'ok', workers: 'ok', clock: 'ok' },
  });
  queueDown = true;
  expect(await api.want(503, readinessSchema, ['GET', '/readyz'])).toEqual({
    status: 'unavailable',
    checks: { database: 'ok', schema: 'ok', queue: 'can not be reached', workers: 'ok', clock: 'ok' },
  });
  queueDown = false;
});

test('without a database the node lives, is not ready, and says so to everybody', async () => {
  const database = openDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`, { applicationName: 'test', poolSize: 2 });
  const down = await startApi({ ...api.deps, database });
  try {
    expect((await fetch(`${down.url}/healthz`)).status).toBe(200);
    const readiness = await fetch(`${down.url}/readyz`);
    expect([readiness.status, readinessSchema.parse(await readiness.json()).checks]).toMatchObject([
      503,
      { database: 'can not be reached', queue: 'ok' },
    ]);
    const answer = await fetch(`${down.url}/dossiers/`, { headers: { authorization: 'Token x' } });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' });
  } finally {
    await down.close();
    await database.destroy();
  }
});

test('a defect is told without its cause, which is in the log once', async () => {
  const answer = await api.call('GET', '/test/defect/', { headers: { 'x-request-id': 'request-17' } });
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain('secret');
  expect(answer.text).toContain('request-17');
  expect(lines.filter((line) => line.includes('select secret from users'))).toHaveLength(1);
});

test('the log holds neither secrets nor queries', async () => {
  await api.call('GET', '/dossiers/?name_contains=Confidential', { headers: { cookie: 'dossier_session=biscuit' } });
  const all = lines.join('');
  expect(all).toContain('/dossiers/');
  for (const secret of ['Confidential', 'biscuit', ...Object.values(api.tokens)]) expect(all).not.toContain(secret);
});

test('metrics count requests by route and tell how replication stands', async () => {
  await api.call('GET', '/dossiers/123456/');
  const { text, status } = await api.call('GET', '/metrics');
  expect(status).toBe(200);
  expect(text).toMatch(/dossier_http_request_duration_seconds_count\{method="GET",route="\/dossiers\/:id\/",status="404"\} 1/);
  expect(text).not.toContain('123456');
  for (const line of ['dossier_database_up 1', 'dossier_links{state="synced"} 0', 'dossier_dead_letters 0', 'process_cpu_seconds_total'])
    expect(text).toContain(line);
});

test('the OpenAPI document names every route that is no page', async () => {
  const { json } = await api.call('GET', '/openapi.json');
  const { openapi, paths } = json as { openapi: string; paths: Record<string, Record<string, unknown>> };
  expect(openapi).toMatch(/^3\.1\./);
  const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  const routes = listRoutes(api.deps, createMetrics(api.test.database)).filter((route) => route.page === undefined);
  expect(described.toSorted()).toEqual(routes.map((route) => `${route.method} ${route.path.replaceAll(/:(\w+)/g, '{$1}')}`).toSorted());
  expect(JSON.stringify(paths['/dossiers/']?.['get'])).toContain('name_contains');
  expect(JSON.stringify(json)).toContain('"meta":{"type":"object","additionalProperties":true}');
});

test('the pages are there, ask nothing of others, and lead strangers to the sign-in', async () => {
  const docs = await api.call('GET', '/docs/');
  expect(docs.text).toContain('swagger-ui-bundle.js');
  expect(docs.headers.get('content-security-policy')).toContain("default-src 'self'");
  expect(docs.headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests');
  expect(docs.headers.get('strict-transport-security')).toBeNull();
  expect(docs.headers.get('x-powered-by')).toBeNull();
  expect((await api.call('GET', '/docs/swagger-ui-bundle.js')).text.length).toBeGreaterThan(1_000_000);
  expect((await api.call('GET', '/docs/reference.js')).text).toContain('validatorUrl: null');
  for (const file of ['package.json', '..%2fpackage.json', '__proto__', 'index.html']) {
    expect((await api.call('GET', `/docs/${file}`)).status).toBe(404);
  }
  for (const path of ['/docs', '/ui']) expect((await api.call('GET', path)).headers.get('location')).toBe(`${path}/`);
  expect((await fetch(api.url)).url).toBe(`${api.url}/ui/`);
  const stranger = await fetch(`${api.url}/docs/`, { headers: { accept: 'text/html' }, redirect: 'manual' });
  expect([stranger.status, stranger.headers.get('location')]).toEqual([302, '/ui/?next=%2Fdocs%2F']);
});

test('a port that is taken is told with a remedy', async () => {
  const other = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => {
    other.listen(port, '127.0.0.1', resolve);
  });
  await expect(startApi({ ...api.deps, configuration: { ...api.deps.configuration, port } })).rejects.toMatchObject({
    name: 'ExitError',
    exitCode: 1,
    message: `Another program listens on 127.0.0.1:${port}.`,
  });
  other.close();
});

test('closing ends requests that would last for ever', async () => {
  const endless = await startApi({
    ...api.deps,
    routes: [
      {
        method: 'get',
        path: '/test/endless/',
        access: 'everyone',
        operation: { responses: {} },
        handle: (_request, response) => void response.write('…'),
      },
    ],
  });
  const answer = await fetch(`${endless.url}/test/endless/`);
  const started = Date.now();
  const reading = expect(answer.text()).rejects.toThrow();
  await endless.close();
  await reading;
  expect(Date.now() - started).toBeLessThan(5000);
});
