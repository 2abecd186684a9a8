import { afterAll, beforeAll, expect, test } from 'vitest';
import { problemSchema } from '@dossier/protocol/problem.ts';
import { watchListSchema } from '@dossier/protocol/watch-list.ts';
import { startTestApi } from '../../../test/kit/api.ts';
import type { TestApi } from '../../../test/kit/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

async function refusal(body: string | Uint8Array, headers: Record<string, string> = {}): Promise<string> {
  const problem = problemSchema.parse((await api.call('POST', '/dossiers/', { body, headers })).json);
  return `${problem.code}: ${problem.detail}`;
}

test('what is not JSON is refused with the place', async () => {
  expect(await refusal('{"remote_dossier_list": 1,')).toBe('BAD_PARAM: The body is not JSON: it ends too early, after 26 characters.');
  expect(await refusal('{"a": 1,\n "b": x}')).toBe('BAD_PARAM: The body is not JSON: unexpected "x" in line 2, column 7 (position 15).');
  expect(await refusal('')).toMatch(/^BAD_PARAM: The body is empty/);
  expect(await refusal('"text"')).toBe('BAD_PARAM: The body must be a JSON object.');
  expect(await refusal(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toBe('BAD_PARAM: The body is not valid UTF-8.');
});

test('a number that would become another one is refused, and said where', async () => {
  const body = '{"name": "Ada", "dossier_lists": [1], "meta": {"passport": 12345678901234567890}}';
  expect(await refusal(body)).toBe(
    'BAD_PARAM: meta: meta.passport is a number that cannot be kept as it is written; put it in quotes, as a text.',
  );
});

test('nesting bombs are refused before they are parsed', async () => {
  expect(await refusal('['.repeat(100_000))).toMatch(/^BAD_PARAM: .*nested deeper/);
  expect(await refusal(`{"name":"x","meta":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`)).toMatch(/nested deeper/);
  expect(await refusal(`{"name":"x","dossier_lists":[1],"meta":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`)).toMatch(
    /^BAD_PARAM: .*meta.*deeper than 32/,
  );
});

test('bodies over 1 MB are refused, announced or not, and the connection stays usable', async () => {
  expect(await refusal(JSON.stringify({ name: 'x'.repeat(1_100_000) }))).toMatch(/^TOO_LARGE: /);
  const response = await fetch(`${api.url}/dossiers/`, {
    method: 'POST',
    headers: { authorization: `Token ${api.tokens.admin}`, 'content-type': 'application/json' },
    duplex: 'half',
    body: new Blob(Array.from({ length: 64 }, () => new Uint8Array(65_536))).stream(),
  });
  expect(response.status).toBe(413);
  await response.arrayBuffer();
  expect((await api.call('GET', '/healthz')).status).toBe(200);
});

test('only JSON in UTF-8 is taken where a body is needed', async () => {
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'application/jsonp']) {
    expect(await refusal('{}', { 'content-type': type })).toMatch(/^UNSUPPORTED_MEDIA_TYPE: /);
  }
  expect(await refusal('{}', { 'content-encoding': 'gzip' })).toMatch(/^UNSUPPORTED_MEDIA_TYPE: /);
  const body = JSON.stringify({ name: 'charset' });
  for (const type of ['application/json; charset=UTF-8', 'application/merge-patch+json', 'Application/JSON;charset="utf-8"']) {
    const answer = await api.call('POST', '/dossier-lists/', { body, headers: { 'content-type': type } });
    expect(watchListSchema.parse(answer.json).name).toBe('charset');
  }
});

test('paths and methods that do not exist are problems', async () => {
  await api.refused('NOT_FOUND', ['GET', '/nothing/']);
  await api.refused('NOT_FOUND', ['GET', '/dossiers/1/2/3']);
  await api.refused('BAD_PARAM', ['GET', '/dossiers/%E0%A4%A/']);
  const wrong = await api.call('PUT', '/dossiers/', { body: {} });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST, OPTIONS']);
});
