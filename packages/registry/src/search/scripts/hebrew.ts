import { applyRules, replaceSigns } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/*
 * Hebrew and Syriac letters name consonants; some of them are spoken hard or soft, and some stand for vowels, which is
 * not written.
 */

const letters: Readonly<Record<string, string>> = {
  א: 'a',
  ב: 'b',
  ג: 'g',
  ד: 'd',
  ה: 'h',
  ז: 'z',
  ח: 'h',
  ט: 't',
  כ: 'k',
  ך: 'kh',
  ל: 'l',
  מ: 'm',
  ם: 'm',
  נ: 'n',
  ן: 'n',
  ס: 's',
  ע: 'a',
  פ: 'p',
  ף: 'f',
  צ: 'tz',
  ץ: 'tz',
  ק: 'k',
  ר: 'r',
  ש: 'sh',
  ת: 't',
  ܐ: 'a',
  ܒ: 'b',
  ܓ: 'g',
  ܕ: 'd',
  ܗ: 'h',
  ܙ: 'z',
  ܚ: 'h',
  ܛ: 't',
  ܟ: 'k',
  ܠ: 'l',
  ܡ: 'm',
  ܢ: 'n',
  ܣ: 's',
  ܥ: 'a',
  ܦ: 'p',
  ܨ: 's',
  ܩ: 'q',
  ܪ: 'r',
  ܫ: 'sh',
  ܬ: 't',
};

const inner: Rules = [
  // Sounds of other languages.
  [/ג['’׳]/gu, 'j'],
  [/ז['’׳]/gu, 'zh'],
  [/צ['’׳]/gu, 'ch'],
  [/\p{M}/gu, ''],
  [/וו/gu, 'v'],
  [/יי/gu, 'ai'],
  [/ה$/gu, 'a'],
];
const soft: Rules = [
  [/(?<=\p{L})[בܒ]/gu, 'v'],
  [/(?<=\p{L})כ/gu, 'kh'],
  [/(?<=\p{L})[פܦ]/gu, 'f'],
];
const vowels: Rules = [
  [/^[יܝ]/gu, 'y'],
  [/^[וܘ]/gu, 'v'],
  [/[יܝ]/gu, 'i'],
  [/[וܘ]/gu, 'o'],
];
const consonants: Rules = [[/^י(?=[^איוהע])/gu, 'i'], [/(?<=\p{L})ו/gu, 'v'], ...vowels];

export function readHebrew(text: string): Reading {
  const rules: Rules[] = [
    [...inner, ...soft, ...vowels],
    [...inner, [/ח/gu, 'ch'], ...vowels],
    [...inner, ...soft, ...consonants],
    [...inner, [/ש/gu, 's'], ...consonants],
    [...inner, ...soft, [/ש/gu, 's'], ...vowels],
  ];
  return { spoken: rules.map((each) => replaceSigns(letters, applyRules(each, text))) };
}
