import { expect, test } from 'vitest';
import { metaOf, rowsOf } from './meta-rows.ts';

test('custom fields survive being edited as text, whatever JSON they are', () => {
  const meta = { rank: 'captain', age: 41, tags: ['a', 'b'], seen: null, deep: { x: true }, zip: '0123' };
  expect(metaOf(rowsOf(meta))).toEqual(meta);
});

test('a row without a name is left out, and a text is never read as JSON', () => {
  expect(
    metaOf([
      { key: ' ', text: 'x', json: false },
      { key: 'n', text: '12', json: false },
      { key: 'm', text: '{', json: true },
      { key: 'papers', text: '12345678901234567890', json: true },
    ]),
  ).toEqual({ n: '12', m: '{', papers: '12345678901234567890' });
});
