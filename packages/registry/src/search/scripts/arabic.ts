import { applyRules, replaceSigns } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/*
 * Arabic letters name consonants and long vowels; و and ي are either. Persians and Urdus speak some letters otherwise,
 * Egyptians one.
 */

const letters: Readonly<Record<string, string>> = {
  ا: 'a',
  أ: 'a',
  آ: 'a',
  ٱ: 'a',
  إ: 'i',
  ى: 'a',
  ة: 'a',
  ۃ: 'a',
  ع: 'a',
  ء: '',
  ئ: '',
  ؤ: 'u',
  ٴ: '',
  ب: 'b',
  پ: 'p',
  ت: 't',
  ٹ: 't',
  ث: 'th',
  ج: 'j',
  چ: 'ch',
  ح: 'h',
  خ: 'kh',
  د: 'd',
  ڈ: 'd',
  ذ: 'dh',
  ر: 'r',
  ڑ: 'r',
  ڕ: 'r',
  ز: 'z',
  ژ: 'zh',
  س: 's',
  ش: 'sh',
  ص: 's',
  ض: 'd',
  ط: 't',
  ظ: 'z',
  غ: 'gh',
  ف: 'f',
  ڤ: 'v',
  ق: 'q',
  ك: 'k',
  ک: 'k',
  گ: 'g',
  ل: 'l',
  ڵ: 'l',
  م: 'm',
  ن: 'n',
  ں: 'n',
  ه: 'h',
  ہ: 'h',
  ھ: 'h',
  ە: 'e',
  ے: 'e',
  ێ: 'e',
  ۆ: 'o',
};

const arabic: Rules = [
  [/\p{M}/gu, ''],
  [/^و|و(?=[اىيی])/gu, 'w'],
  [/و/gu, 'u'],
  [/^[يی]|[يی](?=[او])/gu, 'y'],
  [/[يی]/gu, 'i'],
];
const persian: Rules = [[/[ضذظ]/gu, 'z'], [/ث/gu, 's'], [/و(?=[ايیے])|^و/gu, 'v'], [/(?<=\p{L}{2})[هہ]$/gu, 'eh'], ...arabic];
const egyptian: Rules = [[/ج/gu, 'g'], ...arabic];
/** Before these letters the l of the article is spoken as they are. */
const assimilated: Rules = [[/^ال(?=([تثدذرزسشصضطظن]))/gu, 'ا$1'], ...arabic];

export function readArabic(text: string): Reading {
  return { spoken: [arabic, persian, egyptian, assimilated].map((rules) => replaceSigns(letters, applyRules(rules, text))) };
}
