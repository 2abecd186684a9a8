import { setTimeout as delay } from 'node:timers/promises';
import { expectConverged, expectOneRound, nextRound, seededMoments, startReader } from './rounds.ts';
import type { Rounds } from './rounds.ts';

/** How often each of the four victims is killed, together as many as DOSSIER_KILLS says (`npm run kills`: 200); a few where it says nothing. */
export const killsOfEach = Math.ceil(Number(process.env['DOSSIER_KILLS'] ?? 12) / 4);

/** As often a victim is killed before the list gets the time to become equal. */
const killsInARow = 5;

/**
 * Kills a victim at moments of syncs that change every dossier. A reader sees the old list or the new one, never both; after each few kills
 * in a row the list becomes equal to the master's, by every field. Prints what was done.
 */
export async function killAtMoments(
  rounds: Rounds,
  { victim, longestMs, kill, revive }: { victim: string; longestMs: number; kill(): Promise<void>; revive(): Promise<void> },
): Promise<void> {
  const reader = startReader(rounds);
  for (const moment of seededMoments(killsOfEach, longestMs)) {
    await nextRound(rounds);
    await delay(moment);
    await kill();
    await revive();
    await rounds.slave.until('readable again', () =>
      expectOneRound(rounds).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Error && error.name === 'AssertionError') throw error;
          return false;
        },
      ),
    );
    if (rounds.round % killsInARow === 0 || rounds.round === killsOfEach) await expectConverged(rounds);
  }
  const reads = await reader.stop();
  console.log(`${victim}: ${killsOfEach} kills, the list read ${reads} times, 0 mixed, equal in the end`);
}
