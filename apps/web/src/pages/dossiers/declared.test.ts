import type { DeclaredField } from '@dossier/domain/declaration.ts';
import type { Dossier } from '@dossier/protocol/dossier.ts';
import { expect, test } from 'vitest';
import { columnsOf, fieldsOf, findingsOf, typeOf } from './declared.ts';
import { declaredRow, metaOf, rowsOf, withDeclared } from './meta-rows.ts';

const field = (name: string, facts: Partial<DeclaredField> = {}): DeclaredField => ({
  name,
  label: {},
  type: 'text',
  required: false,
  shown_in_table: false,
  ...facts,
});
const list = (id: number, ...fields: DeclaredField[]) => ({ id, name: `List ${id}`, fields });
const dossier = (lists: number[], meta: Record<string, unknown>) => ({ dossier_lists: lists, meta }) as unknown as Dossier;

test('a dossier in two lists is asked for what either declares, and offered what both take', () => {
  const fields = fieldsOf([
    list(1, field('rank', { type: 'choice', choices: ['mate', 'captain'], label: { en: 'Rank' } })),
    list(2, field('rank', { type: 'choice', choices: ['captain', 'cook'], label: { ru: 'Звание' }, required: true }), field('age')),
  ]);
  expect(fields).toEqual([
    field('rank', { type: 'choice', choices: ['captain'], label: { en: 'Rank', ru: 'Звание' }, required: true }),
    field('age'),
  ]);
});

test('a field that many are given is of the type that their lists agree on', () => {
  const lists = [list(1, field('age', { type: 'number' })), list(2), list(3, field('age', { type: 'text' }))];
  expect(typeOf('age', lists.slice(0, 2))).toBe('number');
  expect(typeOf('age', lists)).toBeUndefined();
  expect(typeOf('rank', lists)).toBeUndefined();
});

test('the table has the columns of the list that is looked at, else those that all lists have in common', () => {
  const shown = (name: string) => field(name, { shown_in_table: true });
  const lists = [list(1, shown('rank'), shown('age'), field('hidden')), list(2, shown('age'))];
  const namesOf = (chosen?: number): string[] => columnsOf(lists, chosen).map(({ name }) => name);
  expect([namesOf(1), namesOf(2), namesOf(), columnsOf([], undefined)]).toEqual([['rank', 'age'], ['age'], ['age'], []]);
});

test('what did not fit before may stay in its list, but not come into another one', () => {
  const lists = [list(1, field('age', { type: 'number' })), list(2, field('age', { type: 'number' }))];
  const meta = { age: 'old' };
  expect(findingsOf(lists.slice(0, 1), dossier([1], meta), meta).get('age')).toEqual({ reason: 'must be a number', kept: true });
  expect(findingsOf(lists, dossier([1], meta), meta).get('age')).toEqual({ reason: 'must be a number', kept: false });
  expect(findingsOf(lists, null, { age: 4 }).size).toBe(0);
});

test('a declared field is written into its row, goes when it is emptied, and leaves one alone that is just being added by that name', () => {
  const rows = [...rowsOf({ rank: 'mate' }), { key: 'age', text: 'typing', json: false, added: true }];
  expect(declaredRow(rows, 'age')).toBeUndefined();
  const aged = withDeclared(rows, { key: 'age', text: '40', json: true });
  expect(declaredRow(aged, 'age')?.text).toBe('40');
  const emptied = withDeclared(withDeclared(aged, { key: 'age', text: '', json: true }), { key: 'rank', text: 'captain', json: false });
  expect(metaOf(emptied)).toEqual({ rank: 'captain', age: 'typing' });
});
