import { expect, test } from 'vitest';
import { contradictionsOf, misfitsOf, newMisfits, readTexts, valueFault, wordsFor } from './declaration.ts';
import type { DeclaredField } from './declaration.ts';

const field = (name: string, type: DeclaredField['type'], facts: Partial<DeclaredField> = {}): DeclaredField => ({
  name,
  label: {},
  type,
  required: false,
  shown_in_table: false,
  ...facts,
});

test.each<[DeclaredField['type'], unknown, string | null]>([
  ['text', 'captain', null],
  ['text', 7, 'must be a text'],
  ['number', 7.5, null],
  ['number', '7', 'must be a number'],
  ['date', '2026-02-28', null],
  ['date', '2026-02-29', 'must be a date that exists, as 2026-12-31'],
  ['date', '0000-01-01', 'must be a date that exists, as 2026-12-31'],
  ['date', '28.02.2026', 'must be a date that exists, as 2026-12-31'],
  ['yes_no', false, null],
  ['yes_no', 'no', 'must be true or false'],
  ['choice', 'red', null],
  ['choice', 'Red', 'must be one of "red", "green"'],
  ['choice', ['red'], 'must be one of "red", "green"'],
])('a %s takes what is one and says why it does not take %j', (type, value, fault) => {
  expect(valueFault(field('x', type, type === 'choice' ? { choices: ['red', 'green'] } : {}), value)).toBe(fault);
});

test('no key, null and an empty text say nothing, which only a required field refuses', () => {
  const fields = [field('age', 'number'), field('rank', 'text', { required: true })];
  for (const meta of [{}, { age: null, rank: null }, { age: '', rank: '' }, { rank: ' ' }]) {
    expect(misfitsOf(fields, meta).map(({ field: { name }, reason }) => [name, reason])).toEqual([['rank', 'is required']]);
  }
  // What every object has is no value of a dossier.
  expect(misfitsOf([field('constructor', 'text'), field('__proto__', 'number')], {})).toEqual([]);
});

test('what does not fit already may stay; what is written has to fit', () => {
  const fields = [field('age', 'number'), field('rank', 'text', { required: true })];
  expect(newMisfits(fields, { age: 'old' }, { age: 'old', seen: 'today' })).toEqual([]);
  expect(newMisfits(fields, { age: 'old' }, { age: 'older' })[0]?.reason).toBe('must be a number');
  expect(newMisfits(fields, { age: 'old', rank: 'mate' }, { age: 'old' })[0]?.reason).toBe('is required');
  expect(newMisfits(fields, null, { age: 1 })[0]?.field.name).toBe('rank');
});

test('a file without types means what is declared, and nothing is made of what it is not', () => {
  const fields = [field('age', 'number'), field('armed', 'yes_no'), field('zip', 'text')];
  expect(readTexts(fields, { age: ' 41 ', armed: 'Yes', zip: '0123', other: '5' })).toEqual({
    age: 41,
    armed: true,
    zip: '0123',
    other: '5',
  });
  expect(readTexts(fields, { age: 'old', armed: 'perhaps' })).toEqual({ age: 'old', armed: 'perhaps' });
  expect(readTexts(fields, { age: '12345678901234567890' })).toEqual({ age: '12345678901234567890' });
});

test('lists contradict each other where no value fits both', () => {
  const lists = (one: DeclaredField, other: DeclaredField) => [{ fields: [one] }, { fields: [other] }];
  const count = (one: DeclaredField, other: DeclaredField): number => contradictionsOf(lists(one, other)).length;
  expect(count(field('x', 'number'), field('x', 'text'))).toBe(1);
  expect(count(field('x', 'number'), field('y', 'text'))).toBe(0);
  expect(count(field('x', 'date'), field('x', 'text'))).toBe(0);
  expect(count(field('x', 'choice', { choices: ['a', 'b'] }), field('x', 'choice', { choices: ['b', 'c'] }))).toBe(0);
  expect(count(field('x', 'choice', { choices: ['a'] }), field('x', 'choice', { choices: ['c'] }))).toBe(1);
  expect(count(field('x', 'choice', { choices: ['a'] }), field('x', 'number'))).toBe(1);
});

test("words are the reader's, else English, else whatever there is", () => {
  expect(wordsFor({ en: 'Rank', ru: 'Звание' }, 'ru')).toBe('Звание');
  expect(wordsFor({ en: 'Rank', ru: 'Звание' }, 'ru-RU')).toBe('Звание');
  expect(wordsFor({ en: 'Rank', ru: 'Звание' }, 'de')).toBe('Rank');
  expect(wordsFor({ ru: 'Звание' }, 'en')).toBe('Звание');
  expect(wordsFor({}, 'en')).toBeNull();
});
