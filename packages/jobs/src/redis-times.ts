import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { clockRoomMs, lockDurationMs, longestWaitMs } from './longest-wait.ts';

/** BullMQ orders delayed jobs by their time times this, plus a counter. */
const scoresPerMs = 4096;

/**
 * Takes back the times of a queue that lie further ahead of `nowMs` than any can, since a clock that was ahead noted them, Redis' own included: the
 * look for jobs that lost their worker is made again, and locks end in time. Returns the ids of the jobs that wait for too long.
 */
export async function takeBackTimes(client: Redis, queue: Queue, nowMs: number): Promise<string[]> {
  const check = queue.toKey('stalled-check');
  if ((await client.pttl(check)) > clockRoomMs) await client.del(check);
  for (const id of await client.lrange(queue.toKey('active'), 0, -1)) {
    const lock = queue.toKey(`${id}:lock`);
    if ((await client.pttl(lock)) > lockDurationMs + clockRoomMs) await client.pexpire(lock, lockDurationMs);
  }
  const ids = await client.zrangebyscore(queue.toKey('delayed'), (nowMs + longestWaitMs) * scoresPerMs, '+inf');
  return ids.filter((id) => !id.startsWith('repeat:'));
}
