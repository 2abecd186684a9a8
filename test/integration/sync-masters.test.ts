import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createMasterProbe } from '@dossier/api/master-probe.ts';
import { linkSchema, masterTestSchema, runSchema } from '@dossier/protocol/sync.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventStream } from '../kit/event-stream.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

let master: NodeApi;
let slave: NodeApi;
beforeAll(async () => {
  [master, slave] = await Promise.all([
    startNodeApi({ SYNC_TIME: '04:25', TIME_ZONE: 'Europe/Athens', EXTERNAL_ADDRESS: 'http://Dossiers.example/' }),
    startNodeApi({ EXTERNAL_ADDRESS: 'http://dossiers.example' }),
  ]);
});
afterAll(async () => {
  await Promise.all([master.stop(), slave.stop()]);
});

/** A server that treats every connection as it is told. */
async function serve(onConnection: (socket: Socket) => void): Promise<{ url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const answering = (text: string) => serve((socket) => socket.once('data', () => socket.end(text)));
const page = (status: string) => answering(`HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nPage`);

async function closedPort(): Promise<string> {
  const server = await serve(() => undefined);
  await server.close();
  return server.url;
}

describe('asking a master', () => {
  it('tells who it is, what it offers and when it is followed', async () => {
    const list = await master.makeList('Wanted');
    await master.call('POST', '/dossiers/', { body: { name: 'Somebody', dossier_lists: [list] } });
    const told = await slave.want(200, masterTestSchema, ['POST', '/sync/test/', { remote_url: `${master.url}/` }]);
    expect(told).toMatchObject({ node: master.deps.nodeUuid, SYNC_TIME: { hour: 4, minute: 25 }, TIME_ZONE: 'Europe/Athens' });
    expect(told.dossier_lists).toContainEqual({ id: list, name: 'Wanted', dossier_count: 1 });
  });

  it('says why it can not be linked', async () => {
    const stranger = await startNodeApi({ SYNC_TOKEN: 'another-token', EXTERNAL_ADDRESS: 'http://dossiers.example' });
    const mismatch = await startNodeApi({ EXTERNAL_ADDRESS: 'http://elsewhere.example' });
    const web = await page('200 OK');
    const ask = (node: NodeApi, url: string) => node.refused('CONFLICT', ['POST', '/sync/test/', { remote_url: url }], 'remote_url');
    expect((await ask(stranger, master.url)).detail).toMatch(/SYNC_TOKEN/);
    expect((await ask(mismatch, master.url)).detail).toMatch(/EXTERNAL_ADDRESS.*elsewhere/);
    expect((await ask(slave, slave.url)).detail).toMatch(/this node itself/);
    expect((await ask(slave, web.url)).detail).toMatch(/Check the address/);
    await Promise.all([stranger.stop(), mismatch.stop(), web.close()]);
  });

  it('asks nothing of link-local addresses and of metadata services, and links to none', async () => {
    const local = await slave.makeList();
    for (const remote_url of [
      'http://169.254.169.254/latest/',
      'http://[fe80::1]:8000',
      'http://0xa9fea9fe',
      'https://[::ffff:a9fe:a9fe]',
    ]) {
      await slave.refused('BAD_PARAM', ['POST', '/sync/test/', { remote_url }], 'remote_url');
      const link = { remote_url, remote_dossier_list: 1, slave_dossier_list: local };
      await slave.refused('BAD_PARAM', ['POST', '/sync/dossier-lists/', link], 'remote_url');
    }
  });

  it('repeats nothing of what answered there', async () => {
    const marked =
      'HTTP/1.1 %\r\ncontent-type: text/x-marked\r\nlocation: http://marked/\r\ncontent-encoding: marked\r\ncontent-length: 6\r\n\r\nmarked';
    for (const status of ['200 marked', '302 marked', '401 marked', '404 marked', '503 marked', '999 marked', 'marked']) {
      const server = await answering(marked.replace('%', status));
      const { status: code, text } = await slave.call('POST', '/sync/test/', { body: { remote_url: server.url } });
      expect([code === 409 || code === 503, text]).toEqual([true, expect.not.stringContaining('marked')]);
      await server.close();
    }
  });

  it('says that it is away', async () => {
    const broken = await page('503 Service Unavailable');
    for (const url of [await closedPort(), broken.url]) {
      const { detail } = await slave.refused('UNAVAILABLE', ['POST', '/sync/test/', { remote_url: url }], 'remote_url');
      // There is no run that could have changed a list or be tried again.
      expect(detail).not.toMatch(/watch list|tries again/);
      const body = { remote_url: url, remote_dossier_list: 1, slave_dossier_list: await slave.makeList() };
      expect((await slave.refused('UNAVAILABLE', ['POST', '/sync/preview/', body], 'remote_url')).detail).toBe(detail);
    }
    await slave.refused('BAD_PARAM', ['POST', '/sync/test/', { remote_url: 'nowhere' }], 'remote_url');
    await slave.refused('BAD_PARAM', ['POST', '/sync/test/', {}], 'remote_url');
    await broken.close();
  });
});

describe('the probe', () => {
  const probe = createMasterProbe({ signingKey: deriveSigningKey('a-token-for-tests-of-thirty-two-characters') });

  it('finds a master, whatever it answers', async () => {
    expect(await probe(master.url)).toBe('available');
    expect(await createMasterProbe({ signingKey: null })(`${master.url}/`)).toBe('available');
    for (const status of ['200 OK', '301 Moved', '401 Unauthorized', '404 Not Found', '429 Too Many Requests']) {
      const server = await page(status);
      expect([status, await probe(server.url)]).toEqual([status, 'available']);
      await server.close();
    }
    const other = await answering('SSH-2.0-OpenSSH_9.2\r\n');
    expect(await probe(other.url)).toBe('available');
    await other.close();
  });

  it('finds none where nobody answers, or only to say that it can not', { timeout: 20_000 }, async () => {
    const cut = await serve((socket) => socket.once('data', () => socket.destroy()));
    const hungUp = Promise.withResolvers<void>();
    const silent = await serve((socket) => socket.resume().once('close', () => hungUp.resolve()));
    const plain = await page('200 OK');
    const failing = await page('502 Bad Gateway');
    const verdicts = await Promise.all([
      probe(await closedPort()),
      probe('http://name.invalid'),
      probe(cut.url),
      probe(silent.url),
      probe(plain.url.replace('http:', 'https:')),
      probe(failing.url),
    ]);
    expect(verdicts).toEqual(verdicts.map(() => 'unavailable'));
    // It waits for no answer for ever.
    await hungUp.promise;
    await Promise.all([cut.close(), silent.close(), plain.close(), failing.close()]);
  });
});

describe('with workers', () => {
  it('links, waits for the first sync, tells of it, and cancels', async () => {
    const remote = await master.makeList('People');
    for (const name of ['One', 'Two', 'Three']) await master.call('POST', '/dossiers/', { body: { name, dossier_lists: [remote] } });
    const local = await slave.makeList();
    await slave.work();
    const stream = await openEventStream(`${slave.url}/sync/events/`, slave.tokens.viewer);
    const answer = await slave.call('POST', '/sync/dossier-lists/', {
      body: { remote_dossier_list: remote, remote_url: master.url, slave_dossier_list: local },
      headers: { prefer: 'wait=30' },
    });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'wait=30']);
    expect(linkSchema.parse(answer.json)).toMatchObject({ state: 'synced', remote_name: 'People', local_count: 3, progress: null });
    await stream.until(({ name, data }) => name === 'link' && data['state'] === 'synced');
    await stream.until(({ name, data }) => name === 'run' && data['state'] === 'synced' && data['added'] === 3);
    const runs = await slave.want(200, pageOf(runSchema), ['GET', `/sync/dossier-lists/${local}/runs/`]);
    expect(runs.results[0]).toMatchObject({ state: 'synced', reason: 'link', added: 3 });
    expect((await slave.call('DELETE', `/sync/dossier-lists/${local}/`)).status).toBe(202);
    await stream.until(({ data }) => data['slave_dossier_list'] === local && data['gone'] === true);
    await slave.refused('NOT_FOUND', ['GET', `/sync/dossier-lists/${local}/`]);
    stream.close();
  });
});
