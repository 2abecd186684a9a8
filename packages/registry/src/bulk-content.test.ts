import { expect, test } from 'vitest';
import { changeFields } from './bulk-content.ts';
import type { BulkFields } from './bulk-content.ts';

const before: BulkFields = { active: true, comment: 'tall', valid_from: null, valid_until: '2030-01-01', meta: '{"a":1}' };

test('what is not named stays as it was written, and the same change once more changes nothing', () => {
  const odd = { ...before, meta: '{ "a" : 1 }' };
  expect(changeFields(odd, { active: false })).toEqual({ fields: { ...odd, active: false } });
  const change = { add_comment: 'left', meta: { b: 'x', a: null } };
  const first = changeFields(before, change);
  expect(first).toEqual({ fields: { ...before, comment: 'tall\nleft', meta: '{"b":"x"}' } });
  if (!('fields' in first)) throw new Error('it was refused');
  expect(changeFields(first.fields, change)).toEqual(first);
});

test('what would not fit, or would make a number another one, is refused with the reason', () => {
  expect(changeFields(before, { valid_from: '2030-01-02' })).toMatchObject({ code: 'BAD_PARAM' });
  expect(changeFields(before, { add_comment: 'x'.repeat(9_996) })).toMatchObject({ code: 'TOO_LARGE' });
  const long = { ...before, meta: '{"passport":12345678901234567890123}' };
  expect(changeFields(long, { meta: { b: 1 } })).toMatchObject({ code: 'BAD_PARAM' });
  expect(changeFields(long, { active: false })).toEqual({ fields: { ...long, active: false } });
  expect(changeFields({ ...before, meta: '[1]' }, { meta: { b: 1 } })).toMatchObject({ code: 'BAD_PARAM' });
});
