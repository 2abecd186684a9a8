import { problemSchema } from '@dossier/protocol/problem.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}
interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}
interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let node: NodeApi;
let document: Described;
let list: number;
beforeAll(async () => {
  node = await startNodeApi();
  document = (await node.call('GET', '/openapi.json')).json as Described;
  list = await node.makeList();
});
afterAll(() => node.stop());

interface Place {
  readonly verb: string;
  readonly path: string;
  /** With ids of what isn't there, so that nothing could be done. */
  readonly address: string;
  readonly operation: Operation;
}

const addressOf = (path: string): string => path.replaceAll(/\{\w+\}/g, '999999');

function operations(): Place[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ verb: method.toUpperCase(), path, address: addressOf(path), operation })),
  );
}

async function refusal(verb: string, address: string, body?: unknown): Promise<[number, string, string | undefined]> {
  const answer = await node.call(verb, address, body === undefined ? {} : { body });
  const { code, param } = problemSchema.parse(answer.json);
  return [answer.status, code, param];
}

describe('every operation of the OpenAPI document refuses', () => {
  test.each([
    'looks_like=dossierface:1',
    'threshold=0.7',
    'offset=20',
    'id_in=1',
    'LIMIT=1',
    'limit[]=1',
    'dossier_lists[0]=1',
    '__proto__=1',
  ])('the parameter %s by its name', async (query) => {
    const [name = ''] = query.split('=');
    for (const { verb, path, address } of operations()) {
      expect([verb, path, ...(await refusal(verb, `${address}?${query}`))]).toEqual([verb, path, 400, 'BAD_PARAM', name]);
    }
  });

  test('dossier_lists[] where it knows no dossier_lists', async () => {
    for (const { verb, path, address, operation } of operations()) {
      if (operation.parameters?.some(({ name }) => name === 'dossier_lists') === true) continue;
      expect([verb, path, ...(await refusal(verb, `${address}?dossier_lists[]=5`))].slice(0, 4)).toEqual([verb, path, 400, 'BAD_PARAM']);
    }
  });

  test('a parameter that is given twice where one value is taken', async () => {
    let tried = 0;
    for (const { verb, path, address, operation } of operations()) {
      for (const { name, schema, ...parameter } of operation.parameters ?? []) {
        if (parameter.in !== 'query' || schema.type === 'array') continue;
        tried += 1;
        const answer = await refusal(verb, `${address}?${name}=1&${name}=1`);
        expect([verb, path, ...answer]).toEqual([verb, path, 400, 'BAD_PARAM', name]);
      }
    }
    expect(tried).toBeGreaterThan(40);
  });

  test('fields of a body that it does not know', async () => {
    let tried = 0;
    for (const { verb, path, address, operation } of operations()) {
      if (verb === 'GET') continue;
      const json = operation.requestBody?.content['application/json']?.schema;
      // The body is a file, in JSON among other forms.
      const isFile = Object.keys(operation.requestBody?.content ?? {}).some((type) => type !== 'application/json');
      if (isFile) continue;
      const sample = json === undefined ? {} : (sampleOf(json) as object);
      const [status, code, param] = await refusal(verb, address, { ...sample, Unknown_field: 1 });
      tried += 1;
      expect([verb, path, status, code, param]).toEqual([verb, path, 400, 'BAD_PARAM', 'Unknown_field']);
    }
    expect(tried).toBeGreaterThan(25);
  });
});

/** The least that fits a schema of a body. */
function sampleOf(schema: Schema): unknown {
  const { $ref: reference } = schema;
  if (reference !== undefined) return sampleOf(document.components.schemas[reference.split('/').at(-1) ?? ''] ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [alternative] = schema.anyOf ?? [];
  if (alternative !== undefined) return sampleOf(alternative);
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [
          name,
          name.endsWith('url') ? 'http://node.example' : sampleOf(schema.properties?.[name] ?? {}),
        ]),
      );
    case 'array':
      return [1];
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return schema.pattern?.includes('[0-9a-f]{64}') ? 'a'.repeat(64) : 'a-text-that-is-long-enough';
  }
}

describe('every path of the OpenAPI document', () => {
  const methodsOf = (path: string): string[] =>
    Object.keys(document.paths[path] ?? {}).flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));

  test('tells its methods to OPTIONS, and refuses others with them in Allow', async () => {
    for (const path of Object.keys(document.paths)) {
      const methods = methodsOf(path);
      for (const address of [addressOf(path), addressOf(path).replace(/(.)\/$/, '$1')]) {
        const options = await fetch(node.url + address, { method: 'OPTIONS' });
        const allowed = (options.headers.get('allow') ?? '').split(', ');
        expect([path, options.status, ...allowed.toSorted()]).toEqual([path, 204, ...[...methods, 'OPTIONS'].toSorted()]);
        for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'].filter((name) => !methods.includes(name))) {
          const answer = await node.call(method, address);
          expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 405, allowed.join(', ')]);
        }
      }
    }
  });

  test('answers HEAD as GET, without the body', async () => {
    for (const path of Object.keys(document.paths).filter((each) => document.paths[each]?.['get'] !== undefined)) {
      if (path === '/sync/events/' || path === '/events/') continue;
      const address = path.startsWith('/dossier-lists/') ? path.replace('{id}', String(list)) : addressOf(path);
      const [get, head] = [await node.call('GET', address), await node.call('HEAD', address)];
      const told = ({ status, headers }: typeof get) => [path, status, headers.get('content-type'), headers.get('allow')];
      expect([...told(head), head.text]).toEqual([...told(get), '']);
    }
  });

  test('with a fixed word is never taken for one with an id in its place', async () => {
    let met = 0;
    const paths = Object.keys(document.paths);
    for (const open of paths.filter((path) => path.includes('{'))) {
      const pattern = new RegExp(`^${open.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
      for (const fixed of paths.filter((path) => path !== open && !path.includes('{') && pattern.test(path))) {
        for (const method of methodsOf(open).filter((name) => !methodsOf(fixed).includes(name))) {
          met += 1;
          expect([fixed, method, (await node.call(method, fixed)).status]).toEqual([fixed, method, 405]);
        }
      }
    }
    expect(met).toBeGreaterThan(0);
    expect((await node.call('DELETE', '/sync/dead-letters/retry/')).headers.get('allow')).toBe('POST, OPTIONS');
  });
});
