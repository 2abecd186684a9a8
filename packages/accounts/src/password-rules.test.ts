import { expect, it } from 'vitest';
import { passwordFault } from './password-rules.ts';

it.each([
  ['x', /at least 12 characters/],
  ['Xk9$vQ2!pLm', /at least 12 characters/],
  ['😀😀😀😀😀😀', /at least 12 characters/],
  ['passwordpassword', /too easily guessed/],
  ['aaaaaaaaaaaaaaaa', /too easily guessed/],
  ['123456789012', /too easily guessed/],
  ['Password1234', /too easily guessed/],
  ['qwertyuiopasdf', /too easily guessed/],
  ['йцукенгшщзхъ', /too easily guessed/],
  ['парольпароль', /too easily guessed/],
  ['administrator1', /too easily guessed/],
  ['guard.north.7guard.north.7', /too easily guessed/],
])('refuses %s', async (password, fault) => {
  expect(await passwordFault(password, 'guard.north.7')).toMatch(fault);
});

it.each(['correct-horse-battery', 'night desk opens at six', 'ёлка зелёная стоит', 'vQ2!pLmXk9$w4Tz'])('takes %s', async (password) => {
  expect(await passwordFault(password, 'guard')).toBeNull();
});
