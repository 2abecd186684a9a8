import { expect, test } from 'vitest';
import { preferredWaitSeconds } from './sync-prefer.ts';

test.each<[string | undefined, number | null]>([
  [undefined, null],
  ['', null],
  ['wait=10', 10],
  ['Wait = 10', 10],
  ['wait="7"', 7],
  ['wait=0', 0],
  ['wait=61', 60],
  ['wait=999999999', 60],
  ['respond-async, wait=5', 5],
  ['respond-async,,  wait=5; ignored="a,b"', 5],
  ['return=minimal; foo="x, wait=3", wait=9', 9],
  ['wait=3, wait=9', 3],
  ['wait', null],
  ['wait=', null],
  ['wait=soon', null],
  ['wait=-1', null],
  ['wait=1.5', null],
  ['waiting=4', null],
  ['"wait=4"', null],
  ['foo="unclosed, wait=4', null],
])('Prefer %j waits for %j seconds', (prefer, seconds) => {
  expect(preferredWaitSeconds(prefer)).toBe(seconds);
});

test('a long field is read in no time', () => {
  const started = performance.now();
  preferredWaitSeconds('"\\'.repeat(8000));
  preferredWaitSeconds(`a${' '.repeat(16_000)}b`);
  preferredWaitSeconds('=,;"'.repeat(4000));
  expect(performance.now() - started).toBeLessThan(500);
});
