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
  expect(text).toMatch(/^(?:[\n\u0020-\u007e愛]|👩|\u200d|👧)+$/u);
  expect(JSON.parse(text)).toEqual({ hostile });
});
