import { expect, it } from 'vitest';
import { isSameName } from './namesakes.ts';

it.each([
  ['Yamada Taro', 'やまだ たろう', true],
  ['Yamada Tarou', 'やまだ たろう', true],
  ['Lech Wałęsa', 'lech WALESA', true],
  ['Алексей Петров', 'Aleksey Petrov', true],
  ['Petr Ivanov', 'Ivanov Petr', false],
  ['Petr Ivanov', 'Petr Ivanov Junior', false],
  ['おの', 'おおた', false],
])('%s and %s: the same name is %s', (one, other, same) => {
  expect([isSameName(one, other), isSameName(other, one)]).toEqual([same, same]);
});
