import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { linkSchema } from '@dossier/protocol/sync.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../kit/free-port.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* What stands between a slave and a master: a proxy that is meant to, a stranger who passes requests on, a prompt for a password. */

let master: NodeApi;
let slave: NodeApi;
let remote: number;
const servers: Server[] = [];

/** Passes requests on to the master, with their Host; `strip` is taken off the path. Keeps what the master answered. */
async function startProxy({ port = 0, strip = '' }: { port?: number; strip?: string } = {}): Promise<{
  url: string;
  answered: () => string;
}> {
  let answered = '';
  const server = createServer((request, response) => {
    const target = new URL(master.url);
    const path = request.url?.startsWith(strip) === true ? request.url.slice(strip.length) : request.url;
    const onwards = httpRequest(
      { host: target.hostname, port: target.port, method: request.method, path, headers: request.headers },
      (answer: IncomingMessage) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.on('data', (chunk: Buffer) => (answered += chunk.toString('latin1'))).pipe(response);
      },
    );
    request.pipe(onwards);
  }).listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, answered: () => answered };
}

let known: Awaited<ReturnType<typeof startProxy>>;

beforeAll(async () => {
  const port = await freePort();
  [master, slave] = await Promise.all([startNodeApi({ FEED_NAMES: `127.0.0.1:${port}, master.example` }), startNodeApi()]);
  known = await startProxy({ port });
  remote = await master.makeList('Wanted');
  await master.call('POST', '/dossiers/', { body: { name: 'Nora Lindqvist', dossier_lists: [remote] } });
  await slave.work();
});
afterAll(async () => {
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  await Promise.all([master.stop(), slave.stop()]);
});

async function link(url: string): Promise<unknown> {
  const local = await slave.makeList();
  const body = { remote_url: url, remote_dossier_list: remote, slave_dossier_list: local };
  await slave.call('POST', '/sync/dossier-lists/', { body, headers: { prefer: 'wait=30' } });
  return slave.want(200, linkSchema, ['GET', `/sync/dossier-lists/${local}/`]);
}

const ask = async (url: string): Promise<string> =>
  (await slave.refused('CONFLICT', ['POST', '/sync/test/', { remote_url: url }], 'remote_url')).detail;

describe('a master that knows its names', () => {
  it('is followed by one of them, also through a proxy', async () => {
    expect(await link(known.url)).toMatchObject({ state: 'synced', local_count: 1 });
  });

  it('tells nothing to a slave that was led to a stranger, however well it signs', async () => {
    const stranger = await startProxy();
    expect(await link(stranger.url)).toMatchObject({ state: 'failed', error: { code: 'MISDIRECTED' }, local_count: 0 });
    expect(await ask(stranger.url)).toMatch(/doesn't go by this name/);
    expect(stranger.answered()).not.toMatch(/Wanted|Lindqvist|external_address/);
  });

  it('answers no request that is signed for another node', async () => {
    const client = createFeedClient({
      key: deriveSigningKey('a-token-for-tests-of-thirty-two-characters'),
      remoteUrl: known.url,
      version: '0',
      now: () => new Date(),
      randomNonce: randomUUID,
    });
    const question = { maximumBytes: 1_000_000 };
    const path = `/feed/v1/dossier-lists/${remote}/tree`;
    await expect(client.get(path, { ...question, query: { prefixes: '' }, node: randomUUID() })).rejects.toMatchObject({
      code: 'MISDIRECTED',
    });
    expect(await client.get(path, { ...question, query: { prefixes: '' }, node: master.deps.nodeUuid })).toMatchObject({ status: 200 });
    client.close();
  });
});

describe('a path in remote_url', () => {
  it('leads through a proxy that takes it off', async () => {
    const port = new URL(known.url).port;
    const proxied = servers.shift();
    proxied?.closeAllConnections();
    proxied?.close();
    known = await startProxy({ port: Number(port), strip: '/gates/dossiers' });
    expect(await link(`${known.url}/gates/dossiers/`)).toMatchObject({
      state: 'synced',
      local_count: 1,
      remote_url: `${known.url}/gates/dossiers`,
    });
  });
});

describe('401', () => {
  it('of a proxy that wants a password, or of a mistyped path, is not told as a wrong SYNC_TOKEN', async () => {
    const prompt = createServer((_request, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="office"' }).end(),
    ).listen(0, '127.0.0.1');
    servers.push(prompt);
    await once(prompt, 'listening');
    for (const url of [`http://127.0.0.1:${(prompt.address() as AddressInfo).port}`, `${slave.url}/dossiers`]) {
      const detail = await ask(url);
      expect(detail).toMatch(/is no feed of a master/);
      expect(detail).not.toMatch(/SYNC_TOKEN/);
    }
  });

  it('of a master is one', async () => {
    const stranger = await startNodeApi({ SYNC_TOKEN: 'another-token-for-tests-of-thirty-two-characters' });
    expect(await ask(stranger.url)).toMatch(/SYNC_TOKEN/);
    await stranger.stop();
  });
});
