import { expect, it } from 'vitest';
import { rowWords } from './lexemes.ts';

function wholesOf(name: string): string[] {
  return rowWords({ name, comment: '', external_id: null, meta: {} }).lexemes.filter((lexeme) => lexeme.startsWith('='));
}

it('a name of one word is a whole in each way in which it is spoken', () => {
  expect(wholesOf('おおの')).toEqual(['=oono', '=ono']);
  expect(wholesOf('おの')).toEqual(['=ono']);
  expect(wholesOf('이')).toEqual(['=i', '=lee', '=yi', '=rhee']);
  expect(wholesOf('Müller')).toEqual(['=muller', '=mueller']);
});

it('a name of several words is a whole in the ways in which all of them are spoken', () => {
  expect(wholesOf('さとう けんじ')).toEqual(['=satou kenji', '=sato kenji']);
  expect(wholesOf('Алексей Петров')).toEqual(['=aleksey petrov']);
});
