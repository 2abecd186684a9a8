import { randomUUID } from 'node:crypto';

import type { Queue, Worker } from 'bullmq';

import type { QueueConnection } from './connection.ts';

const name = 'proof';

/** Proves that the datastore takes jobs and gives them, as those of the real queues. */
export interface Prover {
  /** Resolves once a job was left, taken and completed; rejects with whatever the datastore refused. */
  prove(): Promise<void>;
  close(): Promise<void>;
}

interface Parts {
  readonly queue: Queue;
  readonly taker: Worker;
}

/** Proves it in a queue of its own, which it makes when it is asked for the first time. */
export function createProver(connection: QueueConnection): Prover {
  let parts: Parts | null = null;
  return {
    async prove() {
      parts ??= { queue: connection.queue(name), taker: connection.worker(name, null, { autorun: false }) };
      const used = parts;
      try {
        await goRound(used);
        await connection.waitForNothing();
      } catch (error) {
        // BullMQ remembers a failed first contact for ever: the next proof is made with others.
        if (parts === used) parts = null;
        void closeParts(used).catch(() => undefined);
        throw error;
      }
    },
    async close() {
      if (parts) await closeParts(parts);
    },
  };
}

async function closeParts({ queue, taker }: Parts): Promise<void> {
  await Promise.all([taker.close(true), queue.close()]);
}

async function goRound({ queue, taker }: Parts): Promise<void> {
  const left = await queue.add(name, {}, { removeOnComplete: true, removeOnFail: true });
  const token = randomUUID();
  const taken = await taker.getNextJob(token, { block: false });
  await taken?.moveToCompleted(null, token, false);
  // Another process that proves the same may have taken this one's job.
  if (!taken && (await left.isWaiting())) throw new Error('the queue took a job and did not give it');
}
