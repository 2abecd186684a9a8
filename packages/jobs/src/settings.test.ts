import { expect, test } from 'vitest';

import { nextRunMs } from './settings.ts';

function next(after: string, pattern: string, tz: string): string | undefined {
  const ms = nextRunMs(Date.parse(after), { pattern, tz });
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

test('a time of day follows its zone', () => {
  expect(next('2026-06-01T12:00:00Z', '0 3 * * *', 'UTC')).toBe('2026-06-02T03:00:00.000Z');
  expect(next('2026-06-01T12:00:00Z', '30 3 * * *', 'Asia/Kolkata')).toBe('2026-06-01T22:00:00.000Z');
});

test('03:00 that does not exist runs an hour later that day, 03:00 that happens twice runs once', () => {
  expect(next('2026-03-28T12:00:00Z', '0 3 * * *', 'Europe/Athens')).toBe('2026-03-29T01:00:00.000Z');
  const first = next('2026-10-24T12:00:00Z', '0 3 * * *', 'Europe/Athens');
  expect(first).toBe('2026-10-25T00:00:00.000Z');
  expect(next(first ?? '', '0 3 * * *', 'Europe/Athens')).toBe('2026-10-26T01:00:00.000Z');
});

test('no day is skipped where the clocks change at midnight', () => {
  expect(next('2026-03-28T12:00:00Z', '0 0 * * *', 'Asia/Beirut')).toBe('2026-03-28T22:00:00.000Z');
});
