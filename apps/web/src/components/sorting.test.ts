import { describe, expect, it } from 'vitest';
import { directionOf, sortAfter, sorted } from './sorting.ts';

interface Row {
  readonly name: string;
  readonly count: number | null;
}

const rows: readonly Row[] = [
  { name: 'Gate 10', count: 3 },
  { name: 'gate 2', count: null },
  { name: 'Élan', count: 20 },
];
const columns = [
  { key: 'name', of: ({ name }: Row) => name },
  { key: 'count', of: ({ count }: Row) => count },
];
const namesBy = (sort: string | undefined): string[] => sorted(rows, columns, { sort, language: 'en' }).map(({ name }) => name);

describe('a table', () => {
  it('is sorted by the alphabet of the language, figures as numbers', () => {
    expect(namesBy('name')).toEqual(['Élan', 'gate 2', 'Gate 10']);
    expect(namesBy('-name')).toEqual(['Gate 10', 'gate 2', 'Élan']);
  });

  it('has what knows no value last, whichever way it is sorted', () => {
    expect(namesBy('count')).toEqual(['Gate 10', 'Élan', 'gate 2']);
    expect(namesBy('-count')).toEqual(['Élan', 'Gate 10', 'gate 2']);
  });

  it('stays as it is where the address names no column of it', () => {
    expect(namesBy(undefined)).toEqual(['Gate 10', 'gate 2', 'Élan']);
    expect(namesBy('-colour')).toEqual(['Gate 10', 'gate 2', 'Élan']);
  });

  it('goes from ascending to descending and back to how it was', () => {
    expect(sortAfter(undefined, 'name')).toBe('name');
    expect(sortAfter('name', 'name')).toBe('-name');
    expect(sortAfter('-name', 'name')).toBeUndefined();
    expect(sortAfter('-count', 'name')).toBe('name');
    expect(directionOf('-name', 'name')).toBe('descending');
    expect(directionOf('-name', 'count')).toBeUndefined();
  });
});
