import { expect, it } from 'vitest';
import { writingOf } from './moments.ts';

it.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1 sec'],
  [9940, '9.9 secs'],
  [9960, '10 secs'],
  [59_400, '59 secs'],
  [59_700, '1 min'],
  [60_000, '1 min'],
  [119_600, '2 mins'],
  [119_400, '1 min 59 secs'],
  [3_599_600, '1 hr'],
  [7_199_000, '2 hrs'],
  [3_690_000, '1 hr 2 mins'],
])('writes %d milliseconds as %s', (ms, written) => {
  expect(writingOf('en-GB').duration(ms)).toBe(written);
});

it('writes times with seconds for who wants them', () => {
  const time = '2001-02-03T04:05:06Z';
  expect(writingOf('en-GB', { seconds: true }).short(time, 'UTC')).toBe('3 Feb 2001, 04:05:06');
  expect(writingOf('en-GB').short(time, 'UTC')).toBe('3 Feb 2001, 04:05');
});
