import { expect, it } from 'vitest';
import { validityOn } from './dossier.ts';

it.each([
  [null, null, 'valid'],
  ['2026-11-30', '2026-11-30', 'valid'],
  ['2026-12-01', null, 'not yet'],
  [null, '2026-11-29', 'expired'],
  ['0001-01-01', '9999-12-31', 'valid'],
] as const)('a dossier that is valid from %s until %s is %3$s on 30 November 2026', (from, until, validity) => {
  expect(validityOn('2026-11-30', { valid_from: from, valid_until: until })).toBe(validity);
});
