import { createServer } from 'node:http';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { BlobReader, ZipReader } from '@zip.js/zip.js';
import { importReportSchema } from '@dossier/protocol/import.ts';
import { signInMethodsSchema } from '@dossier/protocol/second-factor.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* What a node is called stands wherever it speaks to people or other systems. */

let node: NodeApi;
let list: number;
beforeAll(async () => {
  node = await startNodeApi({ NODE_NAME: 'Tor "Süd" /7' });
  list = await node.makeList('Wanted');
  await node.call('POST', '/dossiers/', { body: { name: 'Anna Lindqvist', external_id: 'a-1', dossier_lists: [list] } });
});
afterAll(() => node.stop());

const get = (path: string): Promise<Response> => fetch(node.url + path, { headers: { authorization: `Token ${node.tokens.admin}` } });
const fileOf = (answer: Response): string => {
  const disposition = answer.headers.get('content-disposition') ?? '';
  return decodeURIComponent(/filename\*=UTF-8''(\S+)/.exec(disposition)?.[1] ?? disposition);
};

it('is said to whoever signs in', async () => {
  expect(signInMethodsSchema.parse(await (await fetch(`${node.url}/auth/methods/`)).json()).node_name).toBe('Tor "Süd" /7');
});

it.each([
  ['/dossier-lists/:list/export/?format=jsonl', 'Tor-Süd-7-watch-list-1.jsonl'],
  ['/dossier-lists/:list/export/?format=csv', 'Tor-Süd-7-watch-list-1.csv'],
  ['/dossier-lists/:list/export/?format=zip', 'Tor-Süd-7-watch-list-1.zip'],
  ['/dossiers/export/?format=csv', 'Tor-Süd-7-dossiers.csv'],
  ['/audit/export/?format=csv', 'Tor-Süd-7-audit.csv'],
])('is in the name of the file that %s gives', async (path, name) => {
  const answer = await get(path.replace(':list', String(list)));
  await answer.arrayBuffer();
  expect([answer.status, fileOf(answer)]).toEqual([200, name]);
});

it('is in an archive, which is imported as before', async () => {
  const zip = Buffer.from(await (await get(`/dossier-lists/${list}/export/?format=zip`)).arrayBuffer());
  const reader = new ZipReader(new BlobReader(new Blob([zip])));
  await reader.getEntries();
  expect(Buffer.from(reader.comment).toString()).toBe(`Watch list ${list} (Wanted) of Tor "Süd" /7`);
  const other = await node.makeList('Other');
  const answer = await fetch(`${node.url}/dossier-lists/${other}/import/`, {
    method: 'POST',
    headers: { authorization: `Token ${node.tokens.admin}`, 'content-type': 'application/zip' },
    body: new Uint8Array(zip),
  });
  expect(answer.status).toBe(200);
  expect(importReportSchema.parse(await answer.json())).toMatchObject({ added: 1 });
});

it('is in what webhooks are told', async () => {
  const told = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    void Readable.from(request)
      .toArray()
      .then((chunks) => told.resolve(Buffer.concat(chunks as Buffer[]).toString()));
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  await node.work();
  const made = (await node.call('POST', '/webhooks/', { body: { url: `http://127.0.0.1:${address.port}/` } })).json as { id: number };
  await node.call('POST', `/webhooks/${made.id}/test/`);
  expect(JSON.parse(await told.promise)).toMatchObject({ node_name: 'Tor "Süd" /7' });
  server.close();
});
