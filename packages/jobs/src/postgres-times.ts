import type { Pool } from 'pg';

import { clockRoomMs, lockDurationMs, longestWaitMs } from './longest-wait.ts';

/**
 * Takes back the times of a queue that lie further ahead of `nowMs` than any can, since a clock that was ahead noted them: the look for jobs that
 * lost their worker is made again, and locks end in time. Returns the ids of the jobs that wait for too long.
 */
export async function takeBackTimes(pool: Pool, queue: string, nowMs: number): Promise<string[]> {
  await pool.query(`delete from meta where queue = $1 and field = 'stalled-check' and value::bigint > $2`, [queue, nowMs + clockRoomMs]);
  await pool.query(`update job set locked_until_ms = $2 where queue = $1 and state = 'active' and locked_until_ms > $3`, [
    queue,
    nowMs + lockDurationMs,
    nowMs + lockDurationMs + clockRoomMs,
  ]);
  const { rows } = await pool.query<{ id: string }>(
    `select id from job where queue = $1 and state = 'delayed' and scheduler_id is null and process_at_ms > $2`,
    [queue, nowMs + longestWaitMs],
  );
  return rows.map(({ id }) => id);
}
