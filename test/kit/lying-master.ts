import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { NODE_FIELD, signRequest, verifyRequest } from '@dossier/protocol/request-signature.ts';
import { signResponse } from '@dossier/protocol/response-signature.ts';
import { FEED_CHALLENGE } from '@dossier/protocol/signature-base.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';

/** What a slave asked: which part of the feed, and how many times the same part was asked before since the lie began. */
export interface Asked {
  readonly part: 'greeting' | 'lists' | 'head' | 'changes' | 'rows' | 'tree' | 'photos' | 'photo';
  readonly url: URL;
  readonly before: number;
}

/** An answer that is signed for the request before it is sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The means of a liar who knows the token. */
export interface Exchange {
  readonly asked: Asked;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What the honest master answers. */
  honest(): Promise<Answer>;
  /** The head of an answer, signed for this request. `sha256` and `now` are what the signature says of body and time. */
  sign(answer: Answer, lie?: { sha256?: string; now?: Date; key?: SigningKey }): Record<string, string>;
}

/** Gives the answer to sign and send, or `sent` after having written something else to the line. */
export type Lie = (exchange: Exchange) => Promise<Answer | 'sent'> | Answer | 'sent';

/** A master between a slave and an honest master. It holds the token, so whatever it says is properly signed. */
export interface LyingMaster {
  readonly feedUrl: string;
  /** Null: it passes on what the honest master says. */
  lie: Lie | null;
  /** A key of its own by which it signs, with the token's word for it and in the name of this node; null: it signs by the token. */
  pose: { key: SigningKey; node: string } | null;
  close(): void;
}

const parts: readonly [RegExp, Asked['part']][] = [
  [/^\/feed\/?$/, 'greeting'],
  [/\/dossier-lists\/?$/, 'lists'],
  [/\/head$/, 'head'],
  [/\/changes$/, 'changes'],
  [/\/rows$/, 'rows'],
  [/\/tree$/, 'tree'],
  [/\/photos$/, 'photos'],
  [/\/photos\//, 'photo'],
];

export async function startLyingMaster(honest: { feedUrl: string }, token: string): Promise<LyingMaster> {
  const key = deriveSigningKey(token);
  const asked = new Map<string, number>();
  let told: Lie | null = null;
  let pose: LyingMaster['pose'] = null;
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://master');
    const part = parts.find(([pattern]) => pattern.test(url.pathname))?.[1] ?? 'lists';
    const before = asked.get(part) ?? 0;
    asked.set(part, before + 1);
    answer({ request, response, key, pose, honest, lie: told ?? ((exchange) => exchange.honest()), asked: { part, url, before } }).catch(
      (error: unknown) => {
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    feedUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lie() {
      return told;
    },
    set lie(value) {
      asked.clear();
      told = value;
    },
    get pose() {
      return pose;
    },
    set pose(value) {
      pose = value;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(given: {
  request: IncomingMessage;
  response: ServerResponse;
  key: SigningKey;
  pose: LyingMaster['pose'];
  honest: { feedUrl: string };
  lie: Lie;
  asked: Asked;
}): Promise<void> {
  const { request, response, key, pose } = given;
  const received = { method: request.method ?? '', target: request.url ?? '', headers: request.headersDistinct };
  const verified = verifyRequest([key], received, { now: new Date(), strangers: pose !== null });
  if (!verified.ok) {
    response.writeHead(401, { 'www-authenticate': FEED_CHALLENGE }).end();
    return;
  }
  const spoken = pose === null ? {} : { [NODE_FIELD]: pose.node, [VOUCHER_FIELD]: vouch(key, 'master', pose.key.id) };
  const sign: Exchange['sign'] = (
    { status, headers, body },
    { sha256 = sha256Of(body), now = new Date(), key: other = pose?.key ?? key } = {},
  ) => ({
    ...headers,
    ...spoken,
    ...signResponse(other, { status, headers: { ...headers, ...spoken }, sha256 }, { requestSignature: verified.signature, now }),
  });
  const said = await given.lie({ asked: given.asked, request, response, honest: () => askHonestly(given, key), sign });
  if (said === 'sent') return;
  response.writeHead(said.status, { ...sign(said), ...(said.status !== 304 && { 'content-length': said.body.length }) }).end(said.body);
}

async function askHonestly(
  { honest, request }: { honest: { feedUrl: string }; request: IncomingMessage },
  key: SigningKey,
): Promise<Answer> {
  const url = new URL((request.url ?? '/').slice(1), `${honest.feedUrl}/`);
  const etag = request.headers['if-none-match'];
  const headers = {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(request.headers.accept !== undefined && { accept: request.headers.accept }),
  };
  const signature = signRequest(key, { method: 'GET', url, headers }, { now: new Date(), nonce: randomUUID() });
  const asking = http.get(url, { agent: false, headers: { ...headers, ...signature, 'accept-encoding': 'identity' } });
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const kept = ['content-type', 'etag'].flatMap((name) => {
    const value = response.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(kept) as Record<string, string>, body: await buffer(response) };
}
