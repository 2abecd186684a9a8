import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommandHost } from '../../../test/kit/executable.ts';

const host = await createCommandHost();
afterAll(() => host.remove());
const { port, dossier } = host;

describe('a client command', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };

  beforeAll(async () => {
    server = createServer((_, response) => response.writeHead(answer.status).end(answer.body)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
  });
  afterAll(() => {
    server.close();
  });

  it('says that no node answers, and how to start one', async () => {
    const { code, err } = await dossier(['status', '--token', 't']);
    expect(err).toBe(`No node answers at http://127.0.0.1:${port}.\nStart it with "dossier start", or name another one with --url.\n`);
    expect(code).toBe(1);
  });

  it('recognises what is no node', async () => {
    for (const [status, body] of [
      [200, '<html>'],
      [404, '<html>'],
      [200, '{"results":7}'],
      [502, ''],
    ] as const) {
      answer = { status, body };
      const { code, err } = await dossier(['status', '--token', 't', '--url', url]);
      expect([code, err]).toEqual([1, expect.stringContaining(`What answers at ${url} is no dossier node`)]);
    }
  });

  it("repeats the node's own sentence", async () => {
    const problem = {
      type: 'about:blank',
      title: 'x',
      status: 409,
      detail: 'It is a replica already.',
      code: 'CONFLICT',
      desc: 'It is a replica already.',
    };
    answer = { status: 409, body: JSON.stringify(problem) };
    const { code, err } = await dossier(['link', 'http://master.example', '1', '2', '--token', 't', '--url', url]);
    expect([code, err]).toEqual([1, 'It is a replica already.\n']);
    answer = { status: 401, body: JSON.stringify({ ...problem, status: 401, code: 'UNAUTHORIZED' }) };
    expect((await dossier(['sync', '--token', 't', '--url', url])).err).toContain('refuses the token');
  });
});
