import { finished, type Readable, Transform } from 'node:stream';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { sha256Of } from '@dossier/protocol/content-digest.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import type { OutboundLookup } from '@dossier/runtime/outbound-address.ts';
import { createFeedAgents, type FeedAgents } from './feed-agents.ts';
import { createExchange, type FeedTimeouts, type OpenAnswer, wireError } from './feed-exchange.ts';
import { type Trust, trustByToken } from './trust.ts';

export interface FeedClientOptions {
  /** Of the token, which is then all that either side proves; or whom this node believes as this master. */
  readonly key: SigningKey | Trust;
  /** Address of the master, http or https. A path is kept, but not signed; credentials, query and fragment are dropped. */
  readonly remoteUrl: string;
  /** Version of this node's software, told to the master as `user-agent`. */
  readonly version: string;
  readonly now: () => Date;
  /** Gives a text that was never used before, printable ASCII. */
  readonly randomNonce: () => string;
  /** Without them the client makes its own and closes them with itself. */
  readonly agents?: FeedAgents;
  readonly timeouts?: Partial<FeedTimeouts>;
  /** How the master's name is resolved; by default without link-local and metadata addresses. */
  readonly lookup?: OutboundLookup;
  /** How far the master's clock may be from ours; five minutes if left out. */
  readonly toleranceMs?: number;
}

/** `memory`: gives the memory for an answer of so many bytes, if it is announced; whoever gives it says when it may be used again. */
export interface LargeAnswerOptions {
  readonly signal: AbortSignal;
  readonly memory?: (bytes: number) => Buffer;
}

export interface FeedQuestion {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** The entity tag that is known already: the answer may be 304. */
  readonly etag?: string;
  /** The media type that the answer may have instead of its usual one. */
  readonly accept?: string;
  /** The node that is asked, by its uuid; another one refuses. */
  readonly node?: string | undefined;
  /** Bound of the answer, as it travels and decompressed. */
  readonly maximumBytes: number;
  readonly memory?: LargeAnswerOptions['memory'];
  /** Instead of `totalMs`. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A whole answer, signed for this request. `headers` are those that the signature covers; `skewMs`: how far the master's clock is ahead of ours. */
export interface FeedAnswer {
  readonly status: number;
  readonly headers: { readonly 'content-type'?: string; readonly etag?: string };
  readonly body: Buffer;
  readonly skewMs: number;
}

/** Speaks to one master. Never tries again by itself (but for a kept connection that the master had closed meanwhile), never follows a redirect. */
export interface FeedClient {
  readonly trust: Trust;
  /**
   * Asks and reads the whole answer, checked: signature, digest, length, bounds. Answers that the master signs are returned whatever their
   * status below 500 (200, 304 to the etag that was sent, 404, 410, …).
   * @param path below the address of the master, from `/feed/`
   * @throws FeedError; the reason of `signal` if that aborted it
   */
  get(path: string, question: FeedQuestion): Promise<FeedAnswer>;
  /**
   * Asks for a photo. That the master signs exactly this hash is checked before the stream is handed over; that the bytes have it is for
   * the receiver to check. The stream fails with a FeedError if it breaks off, or doesn't have exactly the expected bytes.
   * @returns null if the master signs that it doesn't have it (404, 410)
   * @throws as `get`
   */
  download(
    path: string,
    photo: { sha256: string; bytes: number; node?: string | undefined; signal?: AbortSignal },
  ): Promise<Readable | null>;
  /** Closes the connections, also busy ones, unless they belong to someone else. */
  close(): void;
}

/**
 * A client of one master's feed: signs each request, believes only answers signed for that request.
 * @throws TypeError if `remoteUrl` is no http or https address
 */
export function createFeedClient(options: FeedClientOptions): FeedClient {
  const base = new URL(options.remoteUrl);
  if (!/^https?:$/.test(base.protocol)) throw new TypeError(`${base.protocol} is not the scheme of a master: http: or https: is.`);
  const agents = options.agents ?? createFeedAgents();
  const trust = 'terms' in options.key ? options.key : trustByToken(options.key);
  const exchange = createExchange({ ...options, trust }, { base, agents });
  return {
    trust,
    get: async (path, question) => {
      const answer = await exchange(path, { ...question, encoding: 'zstd' });
      return readAnswer(answer, question);
    },
    download: async (path, { sha256, bytes, node, signal }) => {
      const unlimited = { node, encoding: 'identity', timeoutMs: Number.POSITIVE_INFINITY } as const; // inactivity still ends it
      const answer = await exchange(path, signal ? { ...unlimited, signal } : unlimited);
      return photoStream(answer, { sha256, bytes });
    },
    close: () => {
      if (options.agents !== undefined) return;
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

async function readAnswer(answer: OpenAnswer, question: FeedQuestion): Promise<FeedAnswer> {
  const { response, verified, fail } = answer;
  if (Number(response.headers['content-length'] ?? 0) > question.maximumBytes) {
    answer.stream.destroy();
    throw fail({ saw: 'excess', maximumBytes: question.maximumBytes });
  }
  const raw = await readBytes(answer, question);
  if (sha256Of(raw) !== verified.sha256) throw fail({ saw: 'other', described: 'its bytes are not those that were signed' });
  const { etag, 'content-type': contentType, 'content-encoding': encoding } = response.headers;
  if (response.statusCode === 304 && (question.etag === undefined || etag !== question.etag)) {
    throw fail({ saw: 'other', described: 'it says "not modified" of something that was not asked' });
  }
  return {
    status: response.statusCode,
    headers: { ...(contentType !== undefined && { 'content-type': contentType }), ...(etag !== undefined && { etag }) },
    body: await decode(raw, encoding, { fail, maximumBytes: question.maximumBytes }),
    skewMs: verified.skewMs,
  };
}

/** Reads the whole answer into one piece of memory where its length is announced. */
async function readBytes(
  { stream, response, signal, fail }: OpenAnswer,
  { maximumBytes, memory = Buffer.allocUnsafeSlow }: FeedQuestion,
): Promise<Buffer> {
  const announced = Number(response.headers['content-length'] ?? Number.NaN);
  const whole = Number.isSafeInteger(announced) && announced <= maximumBytes ? memory(announced) : null;
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (bytes + chunk.length > (whole?.length ?? maximumBytes)) throw fail({ saw: 'excess', maximumBytes });
      if (whole) chunk.copy(whole, bytes);
      else chunks.push(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw wireError(error, { fail, signal, answering: true });
  }
  return whole ? whole.subarray(0, bytes) : Buffer.concat(chunks, bytes);
}

const unzstd = promisify(zstdDecompress);

async function decode(
  raw: Buffer,
  encoding: string | undefined,
  { fail, maximumBytes }: { fail: OpenAnswer['fail']; maximumBytes: number },
): Promise<Buffer> {
  if (encoding === undefined) return raw;
  if (encoding !== 'zstd') throw fail({ saw: 'encoding', described: 'it is encoded in a way that was not asked for' });
  try {
    return await unzstd(raw, { maxOutputLength: maximumBytes });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw fail({ saw: 'excess', maximumBytes });
    throw fail({ saw: 'encoding', described: 'it is no valid zstd', error });
  }
}

function photoStream(answer: OpenAnswer, photo: { sha256: string; bytes: number }): Readable | null {
  const { stream, response, verified, fail, signal } = answer;
  const encoding = response.headers['content-encoding'];
  try {
    if (response.statusCode === 404 || response.statusCode === 410) {
      stream.destroy();
      return null;
    }
    if (response.statusCode !== 200) throw fail({ saw: 'status', status: response.statusCode });
    if (encoding !== undefined) throw fail({ saw: 'encoding', described: 'a photo is encoded' });
    if (verified.sha256 !== photo.sha256) throw fail({ saw: 'other', described: 'it is another photo than the one asked for' });
  } catch (error) {
    stream.destroy();
    throw error;
  }
  const counted = countingStream(photo.bytes, fail);
  // It may fail before the receiver listens, which must not end the process; who reads it later still gets the error.
  counted.on('error', () => {});
  finished(stream, { writable: false }, (error) => {
    if (error) counted.destroy(asError(wireError(error, { fail, signal, answering: true })));
  });
  counted.once('close', () => stream.destroy());
  return stream.pipe(counted);
}

/** Passes exactly so many bytes on, or fails. */
function countingStream(expectedBytes: number, fail: OpenAnswer['fail']): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      if (bytes > expectedBytes) callback(fail({ saw: 'excess', maximumBytes: expectedBytes }));
      else callback(null, chunk);
    },
    flush(callback) {
      callback(bytes < expectedBytes ? fail({ saw: 'short', bytes, expectedBytes }) : null);
    },
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
