import { expect, it } from 'vitest';
import { setAsideBound } from './set-aside.ts';

it.each([
  [0, 1],
  [1, 1],
  [199, 1],
  [200, 2],
  [999, 9],
  [1000, 10],
  [1_000_000, 10],
])('of %i dossiers %i may be set aside', (dossiers, bound) => {
  expect(setAsideBound(dossiers)).toBe(bound);
});
