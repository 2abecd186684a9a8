import { expect, it } from 'vitest';
import { canBeSeen, shownLines, shownText } from './shown-text.ts';

it.each([
  ['Ada Lovelace', 'Ada Lovelace'],
  ['Ada\u202Egpj.exe', 'Ada⟨U+202E⟩gpj.exe'],
  ['\u200B\u200B', '⟨U+200B⟩⟨U+200B⟩'],
  ['  ', '⟨U+0020⟩⟨U+0020⟩'],
  ['two\nlines', 'two⟨U+000A⟩lines'],
  ['A\u200Bda', 'A⟨U+200B⟩da'],
  ['\u3164', '⟨U+3164⟩'],
  ['علی\u200Cرضا', 'علی\u200Cرضا'],
  ['👩\u200D🔬', '👩\u200D🔬'],
  ['A\u200Dda', 'A⟨U+200D⟩da'],
  ['🏴\u{E0067}\u{E0062}\u{E007F}', '🏴\u{E0067}\u{E0062}\u{E007F}'],
  ['\u{E0041}Ada', '⟨U+E0041⟩Ada'],
  ['', ''],
])('shows %j as %j', (text, shown) => {
  expect(shownText(text)).toBe(shown);
});

it('keeps the lines of a comment', () => {
  expect(shownLines('one\r\n\ttwo \u202Ethree\n')).toBe('one\r\n\ttwo ⟨U+202E⟩three\n');
});

it.each(['\u200B', ' \u00a0\u2800', '\u2066\u2069', '\uFFA0\u115F'])('knows that nothing is to be seen of %j', (text) => {
  expect(canBeSeen(text)).toBe(false);
});

it.each(['a', '王', 'ا', '😀', '.', '\u0301a'])('knows that something is to be seen of %j', (text) => {
  expect(canBeSeen(text)).toBe(true);
});
