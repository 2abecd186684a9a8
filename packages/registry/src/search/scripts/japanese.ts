import anyAscii from 'any-ascii';
import { applyRules } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/*
 * Kana by Hepburn; long vowels are written out (so that おおの isn't おの), left short, or with an h; Japanese ministries
 * write by Kunrei.
 */

const small: Readonly<Record<string, string>> = { ゃ: 'a', ゅ: 'u', ょ: 'o' };
const short: Rules = [
  [/o[ou]/g, 'o'],
  [/uu/g, 'u'],
];
const withH: Rules = [[/o[ou](?![aeiou])/g, 'oh']];
const kunrei: Rules = [
  [/sh(?=i)/g, 's'],
  [/ch(?=i)/g, 't'],
  [/j(?=i)/g, 'z'],
  [/sh/g, 'sy'],
  [/ch/g, 'ty'],
  [/j/g, 'zy'],
  [/ts(?=u)/g, 't'],
  [/f(?=u)/g, 'h'],
];

export function readJapanese(text: string): Reading {
  const kana = text
    .replaceAll(/[\u30A1-\u30F6]/gu, (sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) - 0x60))
    .replaceAll(/[っー]/gu, '');
  const long = kana
    .replaceAll(/([きぎしじちぢにひびぴみり])([ゃゅょ])/gu, (_, sign: string, vowel: string) => `${consonantOf(sign)}${small[vowel] ?? ''}`)
    .replaceAll(/\p{Script=Hiragana}/gu, (sign) => anyAscii(sign).toLowerCase());
  const brief = applyRules(short, long);
  return { spoken: [long, brief], spelled: [applyRules(withH, long), applyRules(kunrei, brief), applyRules(kunrei, long)] };
}

function consonantOf(sign: string): string {
  const syllable = anyAscii(sign).toLowerCase().slice(0, -1);
  return /^(?:sh|ch|j)$/.test(syllable) ? syllable : `${syllable}y`;
}
