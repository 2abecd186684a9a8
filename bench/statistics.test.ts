import { expect, test } from 'vitest';
import { median, quantile, summarise } from './statistics.ts';

test('the median of an odd number of samples is the middle one, of an even number the mean of two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('a quantile is a sample, by the nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(quantile(samples, 0.99)).toBe(99);
  expect(quantile(samples, 0.5)).toBe(50);
  expect(quantile(samples, 1)).toBe(100);
  expect(quantile([7], 0.99)).toBe(7);
});

test('a summary names the extremes', () => {
  expect(summarise([3, 1, 2])).toEqual({ count: 3, median: 2, minimum: 1, maximum: 3 });
});
