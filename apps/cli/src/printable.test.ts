import { expect, test } from 'vitest';
import { printable, printableJson, printableLines } from './printable.ts';

const hostile = 'a\u001b[2J\u009b\u202eb\r\n\u2028c\t愛 👩‍👩‍👧';

test('a text of others is one line that drives no terminal', () => {
  expect(printable(hostile)).toBe('a [2J  b   c 愛 👩‍👩‍👧');
});

test('lines stay lines', () => {
  expect(printableLines(hostile)).toBe('a [2J  b \n c 愛 👩‍👩‍👧');
});

test('JSON loses nothing', () => {
  const text = printableJson({ hostile });
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  expect(text).toContain('愛 👩‍👩‍👧');
  expect(JSON.parse(text)).toEqual({ hostile });
});
