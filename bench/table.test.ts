import { expect, test } from 'vitest';
import { figure, table } from './table.ts';

test('a table is Markdown with aligned columns, numbers to the right', () => {
  expect(
    table(
      ['what', 'ms'],
      [
        ['first sync', '1200'],
        ['nothing', '3'],
      ],
    ),
  ).toBe(['| what       |   ms |', '| ---------- | ---: |', '| first sync | 1200 |', '| nothing    |    3 |'].join('\n'));
});

test('figures keep three digits, and what was not measured is a dash', () => {
  expect([1234.5, 12.34, 1.234, 0.0123, 0, Number.NaN, Infinity].map(figure)).toEqual(['1235', '12.3', '1.23', '0.012', '0.00', '–', '–']);
});
