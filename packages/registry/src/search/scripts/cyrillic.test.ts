import { expect, it } from 'vitest';
import { chunksOf } from '../words.ts';

/** What was typed and what is written have a form in common. */
function isFound(typed: string, written: string): boolean {
  const [forms, others] = [typed, written].map((text) => chunksOf(text).flatMap(({ parts }) => parts.flatMap((word) => word.forms)));
  return forms?.some((form) => others?.includes(form)) === true;
}

it.each([
  ['Хрущёв', 'Chruschtschow', 'Khrouchtchev', 'Khrushchev', 'Khrushchov'],
  ['Хрущев', 'Chruschtschow', 'Khrouchtchev', 'Khrushchev'],
  ['Горбачёв', 'Gorbatschow', 'Gorbatchev', 'Gorbachev', 'Gorbachov'],
  ['Чернышев', 'Tschernyschew', 'Tschernyschow'],
  ['Пугачева', 'Pugatschowa', 'Pugacheva'],
  ['Шевченко', 'Schewtschenko', 'Chevtchenko', 'Shevchenko'],
  ['Ельцин', 'Jelzin', 'Yeltsin'],
  ['Достоевский', 'Dostojewski', 'Dostoïevski', 'Dostoyevsky', 'Dostoevsky'],
  ['Сергеев', 'Sergejew', 'Sergeyev', 'Sergeev'],
  ['Васильев', 'Wassiljew', 'Vassiliev', 'Vasilyev', 'Vasiliev', 'Vasilev'],
  ['Соловьёв', 'Solowjow', 'Solovyov'],
  ['Евгений', 'Jewgeni', 'Yevgeny', 'Evgeny'],
  ['Королёв', 'Koroljow', 'Korolyov', 'Korolev', 'Koroliov'],
  ['Брежнев', 'Breschnew', 'Brejnev', 'Brezhnev'],
])('%s is written as English, Germans and French do: %s', (written, ...typed) => {
  expect(typed.filter((text) => !isFound(text, written))).toEqual([]);
});
