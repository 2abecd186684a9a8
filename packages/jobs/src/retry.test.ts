import { expect, test } from 'vitest';

import { failureKind, retryDelayMs, retrySeed } from './retry.ts';

test('delays double from one second and stay within 20 %', () => {
  for (let runId = 1; runId <= 500; runId += 1) {
    for (const [index, exactMs] of [1000, 2000, 4000, 8000, 16_000].entries()) {
      const delayMs = retryDelayMs(runId, index + 1);
      expect(delayMs).toBeGreaterThanOrEqual(exactMs * 0.8);
      expect(delayMs).toBeLessThanOrEqual(exactMs * 1.2);
    }
  }
});

test('the same run and attempt have the same delay, different runs spread over the whole span', () => {
  expect(retryDelayMs(7, 3)).toBe(retryDelayMs(7, 3));
  const delays = Array.from({ length: 200 }, (_unused, runId) => retryDelayMs(runId, 1));
  expect(new Set(delays).size).toBeGreaterThan(150);
  expect(Math.min(...delays)).toBeLessThan(840);
  expect(Math.max(...delays)).toBeGreaterThan(1160);
});

test('the seed is the run, else the list', () => {
  expect(retrySeed({ runId: 4 })).toBe(4);
  expect(retrySeed({ slaveDossierList: 9, purge: true })).toBe(9);
  expect(retrySeed({})).toBe(0);
});

test('an error without a known kind may pass', () => {
  expect(failureKind(new Error('reset'))).toBe('retry');
  expect(failureKind(null)).toBe('retry');
  expect(failureKind(Object.assign(new Error('token'), { kind: 'operator' }))).toBe('operator');
  expect(failureKind({ kind: 'stop' })).toBe('stop');
  expect(failureKind({ kind: 'unheard of' })).toBe('retry');
});
