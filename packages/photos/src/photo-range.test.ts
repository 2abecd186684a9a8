import { expect, it } from 'vitest';
import { rangeOfDay } from './photo-range.ts';

it('covers every address in any seven days, each on one of them', () => {
  const days = Array.from({ length: 7 }, (_, day) => rangeOfDay(new Date(Date.UTC(2026, 11, 29 + day, 3))));
  const ranges = days.toSorted((a, b) => (a.from < b.from ? -1 : 1));
  expect(ranges[0]?.from).toBe('0000');
  expect(ranges.slice(1).map(({ from }) => from)).toEqual(ranges.slice(0, -1).map(({ below }) => below));
  expect((ranges[6]?.below ?? '') > 'f'.repeat(64)).toBe(true);
});
