import { AsyncLocalStorage } from 'node:async_hooks';
import { connect } from 'node:net';
import type { Client } from 'pg';

const bounds = new AsyncLocalStorage<AbortSignal>();

/**
 * Does `work`, whose statements (those of `query`, in transactions too) are broken off at the server as soon as the signal is aborted; they throw its reason
 * then, and none begins any more. What `work` leaves behind to be done later is bound, too.
 */
export function boundedBy<Result>(signal: AbortSignal, work: () => Result): Result {
  return bounds.run(signal, work);
}

/** What the statements of now are bound by, if anything. */
export function currentBound(): AbortSignal | undefined {
  return bounds.getStore();
}

/** Runs a statement on a client of its own; where the signal is aborted it is cancelled, and the reason thrown. */
export async function cancellable<Result>(client: Client, signal: AbortSignal, run: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const cancelling: Promise<void>[] = [];
  const cancel = (): void => {
    cancelling.push(requestCancel(client));
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await run();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', cancel);
    // The next statement on this connection is another's.
    await Promise.all(cancelling);
  }
}

interface Cancellable {
  host: string;
  port: number;
  processID: number | null;
  secretKey: number | null;
}

const cancelRequest = 80_877_102;
const cancelMs = 5000;

/**
 * PostgreSQL's request to cancel what a connection does, on a connection of its own that the server closes when it has passed it on. Unlike
 * pg_cancel_backend() it reaches the server also through a pooler, and where the pool has no connection left.
 */
async function requestCancel(client: Client): Promise<void> {
  const { host, port, processID, secretKey } = client as Client & Cancellable;
  if (processID === null || secretKey === null) return;
  const message = Buffer.alloc(16);
  message.writeInt32BE(16, 0);
  message.writeInt32BE(cancelRequest, 4);
  message.writeInt32BE(processID, 8);
  message.writeInt32BE(secretKey, 12);
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket.setTimeout(cancelMs, () => socket.destroy());
  socket.end(message).resume();
  const { promise, resolve } = Promise.withResolvers<void>();
  // A statement that can't be cancelled ends by itself.
  socket.on('error', () => undefined).once('close', () => resolve());
  await promise;
}
