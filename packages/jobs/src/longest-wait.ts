import { jobs } from './declarations.ts';
import { retryDelayMs } from './retry.ts';

/** A worker that dies is noticed when its locks end; 8 s + two looks every 3 s stay below 15 s. */
export const lockDurationMs = 8000;

/** Room for clocks of hosts that differ, and for a job that is a little late. */
export const clockRoomMs = 60_000;

/** No reminder waits longer for its next attempt. What is due later was put off by a clock that was ahead. */
export const longestWaitMs = 2 * Math.max(...Object.values(jobs).map(({ options }) => retryDelayMs(0, options.attempts)));
