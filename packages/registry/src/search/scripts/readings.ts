import { readArabic } from './arabic.ts';
import { readBurmese } from './burmese.ts';
import { readChinese } from './chinese.ts';
import { readCyrillic } from './cyrillic.ts';
import { readGreek } from './greek.ts';
import { readHebrew } from './hebrew.ts';
import { readIndic } from './indic.ts';
import { readJapanese } from './japanese.ts';
import { readKorean } from './korean.ts';
import { applyRules } from './reading.ts';
import type { Reading, Rules } from './reading.ts';
import { readTibetan } from './tibetan.ts';

/** Thai and Lao write some vowels before the consonant after which they are spoken. */
const thai: Rules = [
  [/([\u0E40-\u0E44])([\u0E01-\u0E2E])/gu, '$2$1'],
  [/([\u0EC0-\u0EC4])([\u0E81-\u0EAE])/gu, '$2$1'],
  // A letter that only bears a vowel.
  [/อ(?=[ะ-ู็])/gu, ''],
];
/**
 * What bears the sign of silence isn't spoken; in names of other languages it is in the language that they come from.
 */
const silent: Rules = [[/[\u0E01-\u0E2E][\u0E34\u0E38]?\u0E4C/gu, ''], ...thai];
const khmer: Rules = [
  [/ៈ/gu, 'a'],
  [/វ$/gu, 'o'],
];
const byRules =
  (...ways: Rules[]) =>
  (text: string): Reading => ({ spoken: ways.map((rules) => applyRules(rules, text)) });

const scripts: readonly (readonly [signs: RegExp, read: (text: string) => Reading])[] = [
  [/\p{Script=Cyrillic}/u, readCyrillic],
  [/\p{Script=Arabic}/u, readArabic],
  [/\p{Script=Hiragana}|\p{Script=Katakana}/u, readJapanese],
  [/\p{Script=Han}/u, readChinese],
  [/\p{Script=Hangul}/u, readKorean],
  [/\p{Script=Greek}/u, readGreek],
  [/\p{Script=Hebrew}|\p{Script=Syriac}/u, readHebrew],
  [
    /\p{Script=Devanagari}|\p{Script=Bengali}|\p{Script=Gurmukhi}|\p{Script=Gujarati}|\p{Script=Oriya}|\p{Script=Tamil}|\p{Script=Telugu}|\p{Script=Kannada}|\p{Script=Malayalam}/u,
    readIndic,
  ],
  [/\p{Script=Thai}|\p{Script=Lao}/u, byRules(silent, thai)],
  [/\p{Script=Khmer}/u, byRules(khmer)],
  [/\p{Script=Myanmar}/u, readBurmese],
  [/\p{Script=Tibetan}/u, readTibetan],
];

/** How a word may be read; what may still hold signs of its script is for any-ascii. */
export function readingOf(text: string): Reading {
  return scripts.find(([signs]) => signs.test(text))?.[1](text) ?? { spoken: [text] };
}
