import { once } from 'node:events';
import got, { type Delays, RequestError, type Request, type Response } from 'got';
import { NODE_FIELD, signRequest } from '@dossier/protocol/request-signature.ts';
import { verifyResponse, type VerifiedResponse } from '@dossier/protocol/response-signature.ts';
import { PURGE, REFUSAL_FIELD, SUCCESSION_FIELD, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { CLOCK_TOLERANCE_MS, FEED_CHALLENGE, onlyValue } from '@dossier/protocol/signature-base.ts';
import { createOutboundLookup, isRefusedAddress, type OutboundLookup } from '@dossier/runtime/outbound-address.ts';
import type { FeedAgents } from './feed-agents.ts';
import { FeedError, type FeedFailure, feedErrorOf } from './feed-errors.ts';
import { isSiteRefusal } from './site-refusal.ts';
import type { Terms, Trust } from './trust.ts';

/** Limits of one exchange. `inactivityMs`: without a byte in either direction; `responseMs`: until the head of the answer; `totalMs`: until its last byte, photos excepted. */
export interface FeedTimeouts {
  readonly connectMs: number;
  readonly responseMs: number;
  readonly inactivityMs: number;
  readonly totalMs: number;
}

/** A name may have two addresses of which only the second answers, over a slow line: `connectMs` is enough for both, see bePatientWithAddresses. */
const defaultTimeouts: FeedTimeouts = { connectMs: 10_000, responseMs: 60_000, inactivityMs: 60_000, totalMs: 300_000 };

/** Who asks, and how. */
export interface ExchangeOptions {
  readonly trust: Trust;
  /** How far the master's clock may be from ours; five minutes if left out. */
  readonly toleranceMs?: number;
  readonly version: string;
  readonly now: () => Date;
  readonly randomNonce: () => string;
  readonly timeouts?: Partial<FeedTimeouts>;
  /** How names of masters are resolved; by default by the system, without link-local and metadata addresses. */
  readonly lookup?: OutboundLookup;
}

/** One request: `encoding` is the content coding that the answer may have. */
export interface ExchangeQuestion {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly etag?: string;
  readonly accept?: string;
  /** The node that is asked, by its uuid; another one refuses. */
  readonly node?: string | undefined;
  readonly encoding: 'identity' | 'zstd';
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** An answer whose head is checked and whose body is still to come. */
export interface OpenAnswer {
  readonly stream: Request;
  readonly response: Response;
  readonly verified: VerifiedResponse;
  readonly signal: AbortSignal | undefined;
  readonly fail: (failure: FeedFailure) => FeedError;
}

/** Sends a signed request and gives the answer once its head is checked; throws FeedError, or the reason of the signal. */
export type Exchange = (path: string, question: ExchangeQuestion) => Promise<OpenAnswer>;

/** Exchanges with the master at `base`. */
export function createExchange(options: ExchangeOptions, { base, agents }: { base: URL; agents: FeedAgents }): Exchange {
  const timeouts = { ...defaultTimeouts, ...options.timeouts };
  const dnsLookup = options.lookup ?? createOutboundLookup();
  const fail = (failure: FeedFailure) => feedErrorOf(base.origin + base.pathname.replace(/\/+$/, ''), failure);

  /** Sends the request once, on a connection of the pool or on a new one, and waits for the head of the answer. */
  async function send(url: URL, question: ExchangeQuestion, { terms, fresh }: { terms: Terms; fresh: boolean }) {
    const covered = {
      ...(question.etag !== undefined && { 'if-none-match': question.etag }),
      ...(question.node !== undefined && { [NODE_FIELD]: question.node }),
      ...terms.fields,
    };
    const signature = signRequest(
      terms.sign,
      { method: 'GET', url: signedUrl(base, url), headers: covered },
      { now: options.now(), nonce: options.randomNonce() },
    );
    const stream = got.stream(url, {
      headers: {
        ...covered,
        ...signature,
        ...(question.accept !== undefined && { accept: question.accept }),
        'accept-encoding': question.encoding,
        'user-agent': `dossier/${options.version}`,
      },
      dnsLookup,
      agent: fresh ? { http: false, https: false } : agents,
      timeout: delaysOf(timeouts, question.timeoutMs),
      retry: { limit: 0 },
      decompress: false,
      followRedirect: false,
      throwHttpErrors: false,
      strictContentLength: true,
      ...(question.signal && { signal: question.signal }),
    });
    stream.on('error', () => {}); // heard by whoever waits at that moment; this one keeps a failure between two waits from ending the process
    const [response] = (await once(stream, 'response')) as [Response];
    return { stream, response, requestSignature: signature.signature };
  }

  async function ask(url: URL, question: ExchangeQuestion, terms: Terms): Promise<OpenAnswer> {
    const sent = await send(url, question, { terms, fresh: false })
      .catch((error: unknown) => {
        if (isStaleConnection(error)) return send(url, question, { terms, fresh: true });
        throw error;
      })
      .catch((error: unknown) => {
        throw wireError(error, { fail, signal: question.signal, answering: false });
      });
    try {
      const verified = await checkHead(sent.response, { ...options, terms, fail, requestSignature: sent.requestSignature });
      return { ...sent, verified, fail, signal: question.signal };
    } catch (error) {
      sent.stream.destroy();
      throw error;
    }
  }

  return async (path, question) => {
    question.signal?.throwIfAborted();
    if (isRefusedAddress(base.hostname)) throw fail({ saw: 'refused-address' });
    const url = urlOf(base, path, question.query);
    return askOnTerms(options.trust, (terms) => ask(url, question, terms));
  };
}

/** Asks as the trust says, and where the master knows nothing of who signed, in the other ways, one after the other. */
async function askOnTerms(trust: Trust, ask: (terms: Terms) => Promise<OpenAnswer>): Promise<OpenAnswer> {
  try {
    return await ask(await trust.terms());
  } catch (error) {
    if (!isUnknown(error)) throw error;
    for (const terms of await trust.fallbacks()) {
      try {
        return await ask(terms);
      } catch (other) {
        if (!isUnknown(other)) throw other;
      }
    }
    throw error;
  }
}

/** The master knows nothing of who signed. */
function isUnknown(error: unknown): boolean {
  return error instanceof FeedError && (error.code === 'TOKEN_REFUSED' || error.code === 'SITE_UNKNOWN');
}

function delaysOf(timeouts: FeedTimeouts, timeoutMs: number | undefined): Delays {
  return {
    lookup: timeouts.connectMs,
    connect: timeouts.connectMs,
    secureConnect: timeouts.connectMs,
    response: timeouts.responseMs,
    socket: timeouts.inactivityMs,
    request: timeoutMs ?? timeouts.totalMs,
  };
}

function urlOf(base: URL, path: string, query: ExchangeQuestion['query'] = {}): URL {
  if (!/^\/feed\/[\w/-]*$/.test(path) || path.includes('//')) throw new RangeError(`${path} is no path of the feed.`);
  const url = new URL(base.origin);
  url.pathname = base.pathname.replace(/\/+$/, '') + path;
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** A path before `/feed/` is the business of a proxy that takes it off: the master doesn't know it. */
function signedUrl(base: URL, url: URL): URL {
  return new URL(url.pathname.slice(base.pathname.replace(/\/+$/, '').length) + url.search, base.origin);
}

/** A kept connection that the master closed in the same moment as we used it: nothing was received, so the request may go out again. */
function isStaleConnection(error: unknown): boolean {
  if (!(error instanceof RequestError) || error.response !== undefined) return false;
  return error.request?.reusedSocket === true && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

/** What to throw for an error of the HTTP client: a caller's abort as it is, faults of the wire as a FeedError, defects unchanged. `answering`: the head had come. */
export function wireError(
  error: unknown,
  { fail, signal, answering }: { fail: OpenAnswer['fail']; signal: AbortSignal | undefined; answering: boolean },
): unknown {
  if (signal?.aborted) return signal.reason;
  return error instanceof RequestError ? fail({ saw: 'broken', error, answering }) : error;
}

interface HeadCheck extends Pick<ExchangeOptions, 'trust' | 'now' | 'toleranceMs'> {
  readonly terms: Terms;
  readonly fail: OpenAnswer['fail'];
  readonly requestSignature: string;
}

async function checkHead(response: Response, check: HeadCheck): Promise<VerifiedResponse> {
  const { terms, now, fail, requestSignature, toleranceMs = CLOCK_TOLERANCE_MS } = check;
  const status = response.statusCode;
  if (status === 401) {
    if (response.headers['www-authenticate'] !== FEED_CHALLENGE) throw fail({ saw: 'stranger' });
    const theirs = Date.parse(response.headers.date ?? '');
    const skewMs = Number.isNaN(theirs) ? null : theirs - now().getTime();
    const isTimely = Math.abs(skewMs ?? 0) <= CLOCK_TOLERANCE_MS;
    if (isTimely && terms.unknown !== 'TOKEN_REFUSED') throw fail({ saw: 'site', code: terms.unknown });
    throw fail({ saw: 'unauthorized', skewMs });
  }
  const isRedirect = status >= 300 && status < 400 && status !== 304;
  if (isRedirect || status >= 500 || status === 429 || status === 408) throw fail({ saw: 'status', status });
  const verified = verifyAs(terms, response, { requestSignature, now: now(), toleranceMs });
  if (!verified.ok) throw fail({ saw: 'distrust', reason: verified.reason, skewMs: verified.skewMs, status });
  if (verified.key.algorithm === 'ed25519') await requireBelief(response, verified, check);
  else if (terms.answers === 'believed-key') throw fail({ saw: 'site', code: 'MASTER_KEYLESS' });
  if (status === 421) throw fail({ saw: 'misdirected' });
  const [refusal = '', policy] = (onlyValue(response.headersDistinct, REFUSAL_FIELD) ?? '').split(' ');
  if (status !== 403 || !isSiteRefusal(refusal)) return verified;
  // Whoever has the token could say so; only the master's own key takes a list away.
  if (refusal === 'LIST_WITHDRAWN' && verified.key.algorithm !== 'ed25519')
    throw fail({ saw: 'distrust', reason: 'unknown-key', skewMs: undefined, status });
  throw fail({ saw: 'site', code: refusal, purge: policy === PURGE });
}

function verifyAs(terms: Terms, response: Response, context: Parameters<typeof verifyResponse>[2]): ReturnType<typeof verifyResponse> {
  const received = { status: response.statusCode, headers: response.headersDistinct };
  if (terms.answers === 'same-key') return verifyResponse(terms.sign, received, context);
  const verified = verifyResponse('named', received, context);
  const isByToken = !verified.ok && verified.reason === 'unknown-key' && terms.sign.algorithm === 'hmac-sha256';
  return isByToken ? verifyResponse(terms.sign, received, context) : verified;
}

/** Refuses whoever signs rightly, and isn't the master that is known here. */
async function requireBelief(response: Response, verified: VerifiedResponse, { trust, fail }: HeadCheck): Promise<void> {
  const field = (name: string): string | undefined => onlyValue(response.headersDistinct, name);
  const belief = await trust.believe({
    key: verified.key.id,
    voucher: field(VOUCHER_FIELD),
    succession: field(SUCCESSION_FIELD),
    node: field(NODE_FIELD),
  });
  if (belief === 'other-key') throw fail({ saw: 'site', code: 'MASTER_KEY_DIFFERS' });
  if (belief === 'nobody') throw fail({ saw: 'distrust', reason: 'unknown-key', skewMs: undefined, status: response.statusCode });
}
