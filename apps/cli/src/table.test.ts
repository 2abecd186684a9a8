import { describe, expect, it } from 'vitest';
import { box, table, widthOf } from './table.ts';

interface Row {
  id: number;
  name: string | null;
}
const columns = [
  { heading: 'ID', value: (row: Row) => row.id, right: true },
  { heading: 'NAME', value: (row: Row) => row.name },
  { heading: 'X', value: () => 'x' },
];

describe('a table', () => {
  it('lines its columns up, numbers at the right, without trailing spaces', () => {
    const rows = [
      { id: 7, name: 'Ada' },
      { id: 1234, name: null },
    ];
    expect(table(columns, rows)).toBe(['  ID  NAME  X', '   7  Ada   x', '1234  -     x'].join('\n'));
  });

  it('counts what a text takes on a terminal, not its characters', () => {
    expect(widthOf('abc')).toBe(3);
    expect(widthOf('青木 愛')).toBe(7);
    expect(widthOf('é')).toBe(1);
    expect(widthOf('👩‍👩‍👧')).toBe(2);
  });

  it('lets no cell drive the terminal, break the line or turn it around', () => {
    const [, line = ''] = table(columns, [{ id: 1, name: 'a\u001B[2Jb\nc\u202Ed' }]).split('\n');
    expect(line).toBe(' 1  a [2Jb c d  x');
  });

  it('cuts long cells', () => {
    const [, line = ''] = table(columns, [{ id: 1, name: '長'.repeat(300) }]).split('\n');
    expect(line).toBe(` 1  ${'長'.repeat(29)}…  x`);
  });
});

describe('a box', () => {
  it('is as wide as its widest line', () => {
    expect(box(['a', '愛愛'])).toBe('┌────────┐\n│  a     │\n│  愛愛  │\n└────────┘');
  });
});
