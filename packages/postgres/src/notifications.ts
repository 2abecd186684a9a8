import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';

export interface ListenOptions {
  readonly url: string;
  readonly channel: string;
  readonly applicationName: string;
  readonly onNotification: (payload: string) => void;
  /** Called whenever listening begins, anew too: what was notified before may have been missed. */
  readonly onListening: () => void;
  /** Called when the connection is lost or refused; the next attempt follows by itself. */
  readonly onLost: (error: Error) => void;
}

export interface Listening {
  close(): Promise<void>;
}

const firstDelayMs = 200;
const maximumDelayMs = 5000;
/** Enough for a name with two addresses of which only the second answers. */
const connectTimeoutMs = 10_000;
const answerTimeoutMs = 5000;
const closeTimeoutMs = 1000;
/** A connection that was cut without a word is noticed by this question. */
const heartbeatMs = 20_000;

/** Listens on a PostgreSQL channel over a connection of its own until it is closed, and connects again whenever that is lost. */
export function listenTo(options: ListenOptions): Listening {
  const stop = new AbortController();
  const ended = keepListening(options, stop.signal);
  return {
    async close() {
      stop.abort();
      await ended;
    },
  };
}

async function keepListening(options: ListenOptions, signal: AbortSignal): Promise<void> {
  let delayMs = firstDelayMs;
  while (!signal.aborted) {
    try {
      await listenOnce(options, signal, () => {
        delayMs = firstDelayMs;
      });
    } catch (error) {
      options.onLost(error instanceof Error ? error : new Error(String(error)));
      // An aborted wait ends the loop at its condition.
      await delay(delayMs, undefined, { signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, maximumDelayMs);
    }
  }
}

/** One connection's life: ends when the signal says so, throws when the connection is lost. */
async function listenOnce(options: ListenOptions, signal: AbortSignal, onListening: () => void): Promise<void> {
  const client = new Client({
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: answerTimeoutMs,
    keepAlive: true,
  });
  const over = Promise.withResolvers<void>();
  const lost = (error: Error): void => over.reject(error);
  const stopped = (): void => over.resolve();
  // Heard here also while the connection is being made, where nobody awaits it yet.
  over.promise.catch(() => undefined);
  client.on('error', lost);
  client.on('end', () => lost(new Error('The connection was closed.')));
  client.on('notification', ({ payload }) => options.onNotification(payload ?? ''));
  signal.addEventListener('abort', stopped, { once: true });
  let heartbeat: NodeJS.Timeout | undefined;
  const begin = async (): Promise<void> => {
    await client.connect();
    await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
    onListening();
    options.onListening();
    heartbeat = setInterval(() => void client.query('select 1').catch(lost), heartbeatMs);
  };
  try {
    await Promise.race([begin(), over.promise]);
    await over.promise;
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', stopped);
    // A broken connection may refuse to be closed, or never answer.
    await Promise.race([client.end().catch(() => undefined), delay(closeTimeoutMs, undefined, { ref: false })]);
  }
}
