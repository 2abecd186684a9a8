import { afterAll, beforeAll, expect, it } from 'vitest';
import { jobs } from '@dossier/jobs/declarations.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let node: NodeApi;
beforeAll(async () => {
  node = await startNodeApi();
});
afterAll(() => node.stop());

it('is for admins, also by their session', async () => {
  for (const path of ['/queues/', '/queues/api/queues', '/queues/static/favicon-32x32.png']) {
    expect((await fetch(node.url + path)).status).toBe(401);
    expect((await node.call('GET', path, { role: 'operator' })).status).toBe(403);
    expect((await node.call('GET', path)).status).toBe(200);
  }
  const page = await fetch(`${node.url}/queues/`, { headers: { accept: 'text/html' }, redirect: 'manual' });
  expect([page.status, page.headers.get('location')]).toEqual([302, '/ui/?next=%2Fqueues%2F']);
  const signedIn = await fetch(`${node.url}/auth/login/?cookie=1`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('admin:admin-password')}` },
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect((await fetch(`${node.url}/queues`, { headers: { cookie } })).status).toBe(200);
  const foreign = { cookie, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
  expect((await fetch(`${node.url}/queues/api/queues/pause`, { method: 'PUT', headers: foreign })).status).toBe(403);
});

it('asks nothing of other hosts and finds what it needs', async () => {
  const { text, headers } = await node.call('GET', '/queues/');
  expect(text).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:/);
  const assets = [...text.matchAll(/(?:href|src)="(static\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets.length).toBeGreaterThan(3);
  for (const asset of assets) expect([asset, (await node.call('GET', `/queues/${asset}`)).status]).toEqual([asset, 200]);
  expect(text).toContain('Queues of ');
});

it('shows all queues with their jobs, and retries them', async () => {
  await node.queues.enqueue(jobs.sync, { runId: 12_345 });
  const { json } = await node.call('GET', '/queues/api/queues?activeQueue=sync&status=latest&page=1');
  const { queues } = json as { queues: { name: string; jobs: { name: string; data: unknown }[] }[] };
  expect(queues.map(({ name }) => name)).toEqual(['commands', 'sync', 'photos', 'maintenance', 'webhooks', 'dead-letters']);
  expect(queues.flatMap((queue) => queue.jobs)).toMatchObject([{ name: 'sync', data: { runId: 12_345 } }]);
});
