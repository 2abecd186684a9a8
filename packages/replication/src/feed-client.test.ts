import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { verifyRequest } from '@dossier/protocol/request-signature.ts';
import { signResponse } from '@dossier/protocol/response-signature.ts';
import { FEED_CHALLENGE } from '@dossier/protocol/signature-base.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import { createOutboundLookup } from '@dossier/runtime/outbound-address.ts';
import { createFeedAgents } from './feed-agents.ts';
import { createFeedClient, type FeedClient, type FeedClientOptions } from './feed-client.ts';

const key = deriveSigningKey('ABC_123456789');
const page = Buffer.from('{"kind":"end"}\n'.repeat(1000));
const photo = Buffer.alloc(300_000, 7);

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let handler: Handler;
let server: http.Server;
let masterUrl: string;
let nonces: number;
let opened: FeedClient[];

beforeEach(async () => {
  nonces = 0;
  opened = [];
  server = http.createServer((request, response) => handler(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  masterUrl = urlOf(server);
});

afterEach(async () => {
  for (const each of opened) each.close();
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
});

function urlOf(listening: Server): string {
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

function client(options: Partial<FeedClientOptions> = {}): FeedClient {
  const made = createFeedClient({
    key,
    remoteUrl: masterUrl,
    version: '1.2.3',
    now: () => new Date(),
    randomNonce: () => `n${++nonces}`,
    ...options,
  });
  opened.push(made);
  return made;
}

interface Reply {
  status?: number;
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** What the signature says the body is; the body itself by default. */
  signed?: Uint8Array;
  /** The master's clock. */
  now?: Date;
}

/** The head of an answer, signed as a master does; null to an unsigned request. */
function headOf(request: http.IncomingMessage, reply: Reply): http.OutgoingHttpHeaders | null {
  const { status = 200, headers = {}, body = new Uint8Array(), signed = body, now = new Date() } = reply;
  const received = { method: request.method ?? '', target: request.url ?? '', headers: request.headersDistinct };
  const verified = verifyRequest([key], received, { now });
  if (!verified.ok) return null;
  const context = { requestSignature: verified.signature, now };
  return { ...headers, ...signResponse(verified.key, { status, headers, sha256: sha256Of(signed) }, context) };
}

/** Answers as a master does, or as one that lies. */
function replying(reply: Reply | ((request: http.IncomingMessage) => Reply)): Handler {
  return (request, response) => {
    const given = typeof reply === 'function' ? reply(request) : reply;
    const head = headOf(request, given);
    if (head === null) response.writeHead(401, { date: (given.now ?? new Date()).toUTCString(), 'www-authenticate': FEED_CHALLENGE }).end();
    else response.writeHead(given.status ?? 200, { ...head, 'content-length': given.body?.length ?? 0 }).end(given.body);
  };
}

/** Sends the head and the first bytes of an honest answer, then does something else. */
function breakingOff(
  body: Buffer,
  then: (response: http.ServerResponse) => void,
  length: Record<string, number> = { 'content-length': body.length },
): Handler {
  return (request, response) => {
    response.writeHead(200, { ...headOf(request, { body }), ...length });
    response.write(body.subarray(0, 1000), () => then(response));
  };
}

function ask(options?: Partial<FeedClientOptions>, question: Partial<Parameters<FeedClient['get']>[1]> = {}) {
  return client(options).get('/feed/v1/dossier-lists/', { maximumBytes: 1_000_000, ...question });
}

const asked = { sha256: sha256Of(photo), bytes: photo.length };

describe('an honest master', () => {
  test('is asked with a signature and believed', async () => {
    let target: string | undefined;
    handler = replying((request) => {
      target = `${request.url} ${request.headers['user-agent']}`;
      return { headers: { 'content-type': 'application/x-ndjson', etag: '"1"' }, body: page };
    });
    const answer = await ask({}, { query: { since: 5, buckets: '1,2 3', left: undefined } });
    expect(target).toBe('/feed/v1/dossier-lists/?since=5&buckets=1%2C2+3 dossier/1.2.3');
    expect(answer).toMatchObject({ status: 200, headers: { 'content-type': 'application/x-ndjson', etag: '"1"' } });
    expect(answer.body.equals(page)).toBe(true);
    expect(Math.abs(answer.skewMs)).toBeLessThanOrEqual(1000);
  });

  test('may live below a path, which a proxy takes off', async () => {
    let target: string | undefined;
    handler = (request, response) => {
      target = request.url;
      request.url = target?.replace(/^\/hq/, '') ?? '';
      replying({ body: page })(request, response);
    };
    await ask({ remoteUrl: `${masterUrl}/hq/?x=1` });
    expect(target).toBe('/hq/feed/v1/dossier-lists/');
  });

  test('may answer 304 to the etag that was sent, 404 and 410', async () => {
    handler = replying((request) => ({ status: 304, headers: { etag: request.headers['if-none-match'] ?? '' } }));
    expect(await ask({}, { etag: '"7"' })).toMatchObject({ status: 304, headers: { etag: '"7"' } });
    handler = replying({ status: 410, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"floor":3}') });
    expect((await ask()).body.toString()).toBe('{"floor":3}');
    handler = replying({ status: 404 });
    expect(await ask()).toMatchObject({ status: 404, headers: {} });
  });

  test('may compress its answer', async () => {
    handler = replying({ headers: { 'content-encoding': 'zstd' }, body: zstdCompressSync(page) });
    expect((await ask()).body.equals(page)).toBe(true);
  });

  test('is spoken to over kept connections, eight at most, and closed', async () => {
    const sockets = new Set<unknown>();
    handler = (request, response) => {
      sockets.add(request.socket);
      replying({ body: page })(request, response);
    };
    const one = client();
    await Promise.all(Array.from({ length: 40 }, () => one.get('/feed/', { maximumBytes: page.length })));
    expect(sockets.size).toBeLessThanOrEqual(8);
    const closed = Promise.all([...sockets].map((socket) => once(socket as Socket, 'close')));
    one.close();
    await closed;
  });

  test('may have closed a kept connection meanwhile: asked once more, with a new nonce', async () => {
    let requests = 0;
    handler = (request, response) => {
      requests += 1;
      if (requests === 2) request.socket.destroy();
      else replying({ body: page })(request, response);
    };
    const one = client();
    await one.get('/feed/', { maximumBytes: page.length });
    await one.get('/feed/', { maximumBytes: page.length });
    expect([requests, nonces]).toEqual([3, 3]);
  });

  test('sends a photo as a stream', async () => {
    handler = replying({ body: photo, headers: { 'content-type': 'image/jpeg' } });
    const stream = await client().download('/feed/v1/photos/1', asked);
    expect(stream && (await buffer(stream)).equals(photo)).toBe(true);
  });

  test('may not have a photo', async () => {
    handler = replying({ status: 404, body: Buffer.from('{}') });
    expect(await client().download('/feed/v1/photos/1', { ...asked, bytes: 1 })).toBeNull();
  });
});

describe('an answer is refused', () => {
  const replies: [string, string, Reply, { etag?: string }?][] = [
    ['whose bytes are others than the signed ones', 'ANSWER_FORGED', { body: page, signed: Buffer.from('x') }],
    ['that says 304 without having been asked', 'ANSWER_FORGED', { status: 304, headers: { etag: '"1"' } }],
    ['that says 304 of nothing', 'ANSWER_FORGED', { status: 304 }],
    ['that says 304 of another etag', 'ANSWER_FORGED', { status: 304, headers: { etag: '"1"' } }, { etag: '"2"' }],
    ['that is too large', 'ANSWER_TOO_LARGE', { body: Buffer.alloc(1_000_001) }],
    [
      'that is too large once unpacked',
      'ANSWER_TOO_LARGE',
      { headers: { 'content-encoding': 'zstd' }, body: zstdCompressSync(Buffer.alloc(9_000_000)) },
    ],
    ['in an encoding not asked for', 'CODING_REFUSED', { headers: { 'content-encoding': 'gzip' }, body: page }],
    ['that is no zstd', 'CODING_REFUSED', { headers: { 'content-encoding': 'zstd' }, body: page }],
    [
      'cut before it was packed',
      'CODING_REFUSED',
      { headers: { 'content-encoding': 'zstd' }, body: zstdCompressSync(page).subarray(0, -3) },
    ],
    ['that redirects, though signed', 'REDIRECTED', { status: 307, headers: { location: 'http://127.0.0.1:1/' } }],
    ['that says the master is broken, though signed', 'MASTER_ERROR', { status: 503 }],
  ];
  test.each(replies)('%s: %s', async (_what, code, reply, question) => {
    handler = replying(reply);
    await expect(ask({}, question)).rejects.toMatchObject({ name: 'FeedError', code });
  });

  const handlers: [string, string, string, Handler][] = [
    ['a web page', 'PROTOCOL_NOT_SPOKEN', 'operator', (_q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['an unsigned 404', 'PROTOCOL_NOT_SPOKEN', 'operator', (_q, r) => r.writeHead(404).end()],
    ['a redirect', 'REDIRECTED', 'operator', (_q, r) => r.writeHead(302, { location: 'http://127.0.0.1:1/login' }).end()],
    ['a refused signature', 'TOKEN_REFUSED', 'operator', (_q, r) => r.writeHead(401, { 'www-authenticate': FEED_CHALLENGE }).end()],
    ['a prompt for a password', 'PROTOCOL_NOT_SPOKEN', 'operator', (_q, r) => r.writeHead(401, { 'www-authenticate': 'Basic' }).end()],
    ['a mute 401', 'PROTOCOL_NOT_SPOKEN', 'operator', (_q, r) => r.writeHead(401).end()],
    ['a proxy without its master', 'MASTER_ERROR', 'retry', (_q, r) => r.writeHead(502, { 'content-type': 'text/html' }).end('<html>')],
    ['too many requests', 'MASTER_ERROR', 'retry', (_q, r) => r.writeHead(429).end()],
    ['a reset', 'MASTER_UNREACHABLE', 'retry', (q) => q.socket.resetAndDestroy()],
    ['a closed connection', 'MASTER_UNREACHABLE', 'retry', (q) => q.socket.end()],
    ['no HTTP', 'PROTOCOL_NOT_SPOKEN', 'operator', (q) => q.socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    ['silence', 'MASTER_TIMEOUT', 'retry', () => {}],
  ];
  test.each(handlers)('%s: %s, %s', async (_what, code, kind, answering) => {
    handler = answering;
    const failure = await ask({ timeouts: { responseMs: 200 } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'FeedError', code, kind, detail: expect.stringContaining('the watch list keeps what it had') });
  });

  test('and its connection closed, so that no more of it comes', async () => {
    const closed = new Promise((resolve) => {
      handler = (_request, response) => {
        response.on('close', resolve);
        response.writeHead(200, { 'content-type': 'text/html' }).write('<html>');
      };
    });
    await expect(ask()).rejects.toMatchObject({ code: 'PROTOCOL_NOT_SPOKEN' });
    await closed;
  });

  test('endless, without a length: ANSWER_TOO_LARGE', async () => {
    handler = (request, response) => {
      const pour = () => {
        while (response.write(page));
      };
      response.writeHead(200, { ...headOf(request, { body: page }) }).on('drain', pour);
      pour();
    };
    await expect(ask()).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE' });
  });

  test('replayed from an earlier request: ANSWER_FORGED', async () => {
    let recorded: http.OutgoingHttpHeaders | undefined;
    handler = (request, response) => {
      recorded ??= { ...headOf(request, { body: page }) };
      response.writeHead(200, recorded).end(page);
    };
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'ANSWER_FORGED' });
  });

  test('with a header that the signature covers twice: ANSWER_FORGED', async () => {
    handler = (request, response) => {
      const { etag, ...head } = headOf(request, { headers: { etag: '"1"' } }) ?? {};
      response
        .setHeader('etag', [String(etag), '"2"'])
        .writeHead(200, head)
        .end();
    };
    await expect(ask()).rejects.toMatchObject({ code: 'ANSWER_FORGED' });
  });

  const cuts: [string, string, Handler][] = [
    ['cut short of its length', 'ANSWER_TRUNCATED', breakingOff(page, (response) => response.socket?.destroy())],
    ['ended short of its length', 'ANSWER_TRUNCATED', breakingOff(page, (response) => response.socket?.end())],
    ['cut in its chunks', 'ANSWER_TRUNCATED', breakingOff(page, (response) => response.socket?.destroy(), {})],
    ['ended early, whole for HTTP', 'ANSWER_FORGED', breakingOff(page, (response) => response.end(), {})],
    ['stalled', 'MASTER_TIMEOUT', breakingOff(page, () => {})],
  ];
  test.each(cuts)('%s: %s', async (_what, code, answering) => {
    handler = answering;
    await expect(ask({ timeouts: { inactivityMs: 200 } })).rejects.toMatchObject({ code, kind: 'retry' });
  });

  test('that drips for ever: MASTER_TIMEOUT', async () => {
    let dripping: NodeJS.Timeout | undefined;
    handler = breakingOff(page, (response) => {
      dripping = setInterval(() => response.write('.'), 20);
    });
    await expect(ask({}, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'MASTER_TIMEOUT' });
    clearInterval(dripping);
  });
});

describe('another token or clock', () => {
  test('a master with another token: TOKEN_REFUSED', async () => {
    handler = replying({ body: page });
    await expect(ask({ key: deriveSigningKey('another') })).rejects.toMatchObject({ code: 'TOKEN_REFUSED', kind: 'operator' });
  });

  test.each([
    [-12, "This node's clock is 12 minutes ahead of the master's"],
    [12, "This node's clock is 12 minutes behind the master's"],
    [-60 * 24 * 400, "This node's clock is 400 days ahead of the master's"],
  ])('a master %i minutes from our clock: CLOCK_DIFFERS', async (minutes, sentence) => {
    handler = replying(() => ({ now: new Date(Date.now() + minutes * 60_000) }));
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CLOCK_DIFFERS', kind: 'operator', detail: expect.stringContaining(sentence) });
  });

  test('a master three minutes from our clock is believed, and the difference told', async () => {
    handler = replying(() => ({ now: new Date(Date.now() + 180_000) }));
    expect(Math.round((await ask()).skewMs / 10_000)).toBe(18);
  });
});

describe('no master there', () => {
  test('a refused connection: MASTER_UNREACHABLE', async () => {
    server.close();
    const failure = await ask().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MASTER_UNREACHABLE', kind: 'retry', detail: expect.stringContaining('refused') });
  });

  test('an unknown name: MASTER_UNREACHABLE', async () => {
    await expect(ask({ remoteUrl: 'http://master.invalid/' })).rejects.toMatchObject({ code: 'MASTER_UNREACHABLE', kind: 'retry' });
  });

  test('no TLS behind an https address: MASTER_UNREACHABLE, with the reason', async () => {
    handler = replying({ body: page });
    const failure = await ask({ remoteUrl: masterUrl.replace('http:', 'https:') }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'MASTER_UNREACHABLE', detail: expect.stringContaining('does not speak TLS') });
  });

  test('an address of another kind, or a path outside of the feed, is a fault of the caller', async () => {
    expect(() => client({ remoteUrl: 'ftp://master/' })).toThrow(TypeError);
    for (const path of ['http://evil.example/feed/', '//evil.example/feed/', '/feed/../admin', '/feed//x', '/other/', '/feed/?a=b']) {
      await expect(client().get(path, { maximumBytes: 1 })).rejects.toThrow(RangeError);
    }
  });
});

describe('an address that no master has', () => {
  test.each(['http://169.254.169.254', 'http://[fe80::1]:8000', 'http://[::ffff:169.254.169.254]/x', 'http://2852039166'])(
    '%s is not asked: ADDRESS_REFUSED',
    async (remoteUrl) => {
      await expect(ask({ remoteUrl })).rejects.toMatchObject({ code: 'ADDRESS_REFUSED', kind: 'operator' });
    },
  );

  test('is refused behind a name as well, when it is connected to', async () => {
    handler = replying({ body: page });
    const lookup = createOutboundLookup((_name, _options, callback) => callback(null, [{ address: '169.254.169.254', family: 4 }]));
    await expect(ask({ remoteUrl: masterUrl.replace('127.0.0.1', 'master.example'), lookup })).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
  });
});

describe('a photo', () => {
  async function received(options: Partial<FeedClientOptions> = {}) {
    const stream = await client(options).download('/feed/v1/photos/1', asked);
    return stream && buffer(stream);
  }

  const lies: [string, string, Reply][] = [
    ['another photo than asked', 'ANSWER_FORGED', { body: page }],
    ['encoded', 'CODING_REFUSED', { headers: { 'content-encoding': 'zstd' }, body: photo }],
    ['an answer that is none', 'PROTOCOL_NOT_SPOKEN', { status: 204 }],
    ['longer than told', 'ANSWER_TOO_LARGE', { body: Buffer.concat([photo, page]), signed: photo }],
    ['shorter than told', 'ANSWER_TRUNCATED', { body: photo.subarray(1), signed: photo }],
  ];
  test.each(lies)('%s: %s', async (_what, code, reply) => {
    handler = replying(reply);
    await expect(received()).rejects.toMatchObject({ code });
  });

  const cuts: [string, string, Handler][] = [
    ['cut', 'ANSWER_TRUNCATED', breakingOff(photo, (response) => response.socket?.destroy())],
    ['cut in its chunks', 'ANSWER_TRUNCATED', breakingOff(photo, (response) => response.socket?.destroy(), {})],
    ['ended early', 'ANSWER_TRUNCATED', breakingOff(photo, (response) => response.end(), {})],
    ['stalled', 'MASTER_TIMEOUT', breakingOff(photo, () => {})],
  ];
  test.each(cuts)('%s: %s', async (_what, code, answering) => {
    handler = answering;
    await expect(received({ timeouts: { inactivityMs: 200 } })).rejects.toMatchObject({ code, kind: 'retry' });
  });

  test('cut before anybody reads it', async () => {
    handler = breakingOff(photo, (response) => response.socket?.destroy());
    const stream = await client().download('/feed/v1/photos/1', asked);
    await new Promise<void>((resolve) => stream?.once('close', resolve));
    await expect(stream && buffer(stream)).rejects.toMatchObject({ code: 'ANSWER_TRUNCATED' });
  });

  test('that the receiver drops ends the transfer', async () => {
    const closed = new Promise((resolve) => {
      handler = breakingOff(photo, (response) => response.on('close', resolve));
    });
    const stream = await client().download('/feed/v1/photos/1', asked);
    stream?.destroy();
    await closed;
  });
});

describe('an abort', () => {
  test('before, while waiting and while reading gives its own reason', async () => {
    const reason = new Error('shutting down');
    await expect(ask({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const handlers: ((abort: () => void) => Handler)[] = [(abort) => abort, (abort) => breakingOff(page, abort)];
    for (const aborting of handlers) {
      const controller = new AbortController();
      handler = aborting(() => controller.abort(reason));
      await expect(ask({}, { signal: controller.signal })).rejects.toBe(reason);
    }
  });

  test('ends a photo with its own reason', async () => {
    const reason = new Error('superseded');
    const controller = new AbortController();
    handler = breakingOff(photo, () => {});
    const stream = await client().download('/feed/v1/photos/1', { ...asked, signal: controller.signal });
    controller.abort(reason);
    await expect(stream && buffer(stream)).rejects.toBe(reason);
  });
});

test('shared connections outlive a client', async () => {
  const agents = createFeedAgents();
  const sockets = new Set<unknown>();
  handler = (request, response) => {
    sockets.add(request.socket);
    replying({ body: page })(request, response);
  };
  await ask({ agents });
  for (const each of opened) each.close();
  await ask({ agents });
  expect(sockets.size).toBe(1);
  agents.http.destroy();
  agents.https.destroy();
});
