import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createUser } from '@dossier/accounts/users.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { query } from '@dossier/postgres/database.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEventStream } from '../kit/event-stream.ts';
import { startNodeApi } from '../kit/node-api.ts';
import type { NodeApi } from '../kit/node-api.ts';

/* Who asks for much and takes nothing of it. */

let node: NodeApi;
let list: number;
beforeAll(async () => {
  node = await startNodeApi();
  list = await node.makeList('Large');
  await query(
    node.test.database,
    `insert into dossiers (set_id, uuid, name, comment) select set_of(:list), gen_random_uuid(), 'Dossier ' || n, repeat('x', 4000) from generate_series(1, 8000) n`,
    { list },
  );
});
afterAll(() => node.stop());

/** Asks and reads no more than the head of the answer. */
async function askOnly(path: string, token = node.tokens.viewer): Promise<{ socket: Socket; status: string }> {
  const { hostname, port } = new URL(node.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Token ${token}\r\n\r\n`);
  await once(socket, 'readable');
  const head = String(socket.read(12));
  return { socket, status: head.slice(9) };
}

describe('large answers that nobody reads', () => {
  it('are broken off within a minute, and bounded for each user', { timeout: 90_000 }, async () => {
    const path = `/dossier-lists/${list}/export/`;
    const asked = await Promise.all(Array.from({ length: 10 }, () => askOnly(path)));
    expect(asked.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => '200'));
    expect(await askOnly(path)).toMatchObject({ status: '429' });
    expect(await askOnly(`/dossier-lists/${list}/changes/`)).toMatchObject({ status: '429' });
    // Others aren't in the same queue.
    expect(await askOnly(path, node.tokens.operator)).toMatchObject({ status: '200' });
    const started = performance.now();
    await Promise.all(
      asked.map(async ({ socket }) => {
        const broken = once(socket, 'close');
        // What came before the end is still to be read; it is far less than the list.
        setTimeout(() => socket.resume(), 50_000).unref();
        await broken;
      }),
    );
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(Math.max(...asked.map(({ socket }) => socket.bytesRead))).toBeLessThan(20_000_000);
    expect(await askOnly(path)).toMatchObject({ status: '200' });
  });

  it('a page of changes is two megabytes at most', async () => {
    const answer = await node.call('GET', `/dossier-lists/${list}/changes/?limit=5000`);
    expect(answer.text.length).toBeLessThan(2.5 * 1024 * 1024);
    expect(answer.text.trimEnd().split('\n').at(-1)).toMatch(/"more":true/);
  });
});

describe('streams of events', () => {
  it('are five a user, and never all taken from an administrator', async () => {
    const { database } = node.test;
    const streams: { close(): void }[] = [];
    for (let user = 0; user < 40; user += 1) {
      const { id } = await createUser(database, { name: `viewer ${user}`, role: 'viewer', password: 'x' });
      const { token } = await issueToken(database, { userId: id, kind: 'api', label: '', lifetimeMs: null });
      streams.push(...(await Promise.all(Array.from({ length: 5 }, () => openEventStream(`${node.url}/sync/events/`, token)))));
      if (user === 0) expect(await askOnly('/sync/events/', token)).toMatchObject({ status: '429' });
    }
    expect(await askOnly('/sync/events/', node.tokens.viewer)).toMatchObject({ status: '503' });
    const own = await askOnly('/sync/events/', node.tokens.admin);
    expect(own.status).toBe('200');
    own.socket.destroy();
    for (const stream of streams) stream.close();
  });
});
