import { expect, test } from 'vitest';
import { ticksOf } from './chart-ticks.ts';

test.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [340, [0, 100, 200, 300, 400]],
  [2600, [0, 1000, 2000, 3000]],
  [60_000, [0, 15_000, 30_000, 45_000, 60_000]],
  [61_000, [0, 30_000, 60_000, 90_000]],
  [7_000_000, [0, 1_800_000, 3_600_000, 5_400_000, 7_200_000]],
])('a chart whose longest bar is %i ms has its lines at even times, the last above every bar', (longest, ticks) => {
  expect(ticksOf(longest)).toEqual(ticks);
});

test('the lines of the longest syncs are still few', () => {
  const ticks = ticksOf(40 * 24 * 3_600_000);
  expect(ticks.length).toBeLessThanOrEqual(5);
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(40 * 24 * 3_600_000);
});
