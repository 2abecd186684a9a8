import { expect, it } from 'vitest';
import { sizeText } from './size.ts';

it.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [512 * 1024, '512 KB'],
  [10 * 1024 * 1024, '10 MB'],
  [10 * 1024 * 1024 + 1, '10.1 MB'],
  [3 * 1024 ** 3, '3 GB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
