import { listRoutes } from '@dossier/api/app.ts';
import { createMetrics } from '@dossier/api/metrics.ts';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';
import { createAnswerCheck } from '../kit/openapi.ts';
import type { OpenApiDocument } from '../kit/openapi.ts';

let node: NodeApi;
let document: OpenApiDocument & { info: { description: string } };
beforeAll(async () => {
  node = await startNodeApi();
  document = (await node.call('GET', '/openapi.json')).json as typeof document;
});
afterAll(() => node.stop());

test('every route of a whole node is in the OpenAPI document, with its answers, and nothing else is', () => {
  const routes = listRoutes(node.deps, createMetrics(node.test.database)).filter(({ page }) => page === undefined);
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method} ${path}`),
  );
  expect(documented.toSorted()).toEqual(routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`).toSorted());
  expect(routes.length).toBeGreaterThan(50);
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      const statuses = Object.keys(responses);
      expect([method, path, statuses.includes('default'), statuses.some((status) => /^[23]/.test(status))]).toEqual([
        method,
        path,
        true,
        true,
      ]);
    }
  }
  for (const { path } of node.deps.mounts) expect(document.info.description).toContain(`\`${path}/\``);
});

describe('the check of answers', () => {
  const check = (answer: object) => () =>
    createAnswerCheck(document)({ method: 'GET', path: '/node/', status: 200, contentType: 'application/json', json: {}, ...answer });

  it('finds an answer that lacks a field, has another status or type', async () => {
    const { json } = await node.call('GET', '/node/');
    expect(check({ json })).not.toThrow();
    expect(check({ json: { ...(json as object), uuid: 5 } })).toThrow(/departs/);
    expect(check({})).toThrow(/departs/);
    expect(check({ json, status: 202 })).toThrow(/not in the OpenAPI document/);
    expect(check({ json, contentType: 'text/plain' })).toThrow(/not in the OpenAPI document/);
    expect(check({ json, path: '/dossier-lists/1/' })).toThrow(/departs/);
  });
});
