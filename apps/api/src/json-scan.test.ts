import { expect, test } from 'vitest';
import { scanJson } from './json-scan.ts';

const right = [
  '{}',
  '[]',
  ' \n\t\r{"a" : [1, -0, 2.5e-3, true, false, null, "\\u00e9\\"\\\\", {"":{}}] } ',
  '0',
  '"x"',
  '[[],[[]],{"a":{}}]',
  '1E+2',
];
const wrong = [
  '',
  ' ',
  '{',
  '[',
  ']',
  '{]',
  '[}',
  '[1,]',
  '[,1]',
  '{"a":1,}',
  '{,}',
  '{"a"}',
  '{"a":}',
  '{"a":1 "b":2}',
  '{a:1}',
  "{'a':1}",
  '[1 2]',
  '01',
  '-',
  '+1',
  '.5',
  '1.',
  '1e',
  'tru',
  'truex',
  'nul',
  'NaN',
  '"',
  '"\\',
  '"\\x"',
  '"\\u12"',
  '"\t"',
  '"a\nb"',
  '1 2',
  '{}{}',
  '[]]',
  '\u00a01',
  '\ufeff1',
  '/**/1',
  '[1]x',
];

test.each(right)('%j is JSON, as JSON.parse says, too', (text) => {
  expect(scanJson(text, 64).fault).toBeNull();
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});

test.each(wrong)('%j is no JSON, as JSON.parse says, too', (text) => {
  expect(scanJson(text, 64).fault).not.toBeNull();
  expect(() => JSON.parse(text) as unknown).toThrow();
});

test('the place of the fault and the depth are told', () => {
  expect(scanJson('{"a": x}', 64)).toEqual({ fault: 6, depth: 1 });
  expect(scanJson('[[1],[[2]]]', 64)).toEqual({ fault: null, depth: 3 });
  expect(scanJson('['.repeat(1_000_000), 64)).toEqual({ fault: null, depth: 65 });
  expect(scanJson('"[[[["', 64)).toEqual({ fault: null, depth: 0 });
});
