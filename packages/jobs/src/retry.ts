import { createHash } from 'node:crypto';

import type { JobPayload } from './declarations.ts';

/**
 * What a failure asks for: `retry` may pass by itself; `operator` needs a person first; `stop` means that the work
 * was superseded. Neither of the last two is tried again.
 */
export type FailureKind = 'retry' | 'operator' | 'stop';

const firstDelayMs = 1000;
/** A delay differs from the exact power of two by up to this part of it, so that failures of one moment don't return as one. */
const jitter = 0.2;

/**
 * Milliseconds between a failed attempt (1 = the first) and the next: 1, 2, 4, 8, 16 s… ±20 %. The jitter follows from
 * the arguments alone, so that a handler can store the time of the next attempt that the queue is going to keep.
 */
export function retryDelayMs(runId: number, attempt: number): number {
  const digest = createHash('sha256').update(`${runId} ${attempt}`).digest();
  const fraction = digest.readUInt32BE(0) / 2 ** 32;
  return Math.round(firstDelayMs * 2 ** (attempt - 1) * (1 - jitter + 2 * jitter * fraction));
}

/** The number that the jitter of a job's retries is drawn from: its run, else its list, else its delivery. */
export function retrySeed(payload: JobPayload): number {
  const seed = payload['runId'] ?? payload['slaveDossierList'] ?? payload['deliveryId'];
  return typeof seed === 'number' ? seed : 0;
}

/** The kind that an error declares in its `kind` property; what nobody foresaw is worth a retry. */
export function failureKind(error: unknown): FailureKind {
  if (typeof error !== 'object' || error === null || !('kind' in error)) return 'retry';
  return error.kind === 'operator' || error.kind === 'stop' ? error.kind : 'retry';
}
