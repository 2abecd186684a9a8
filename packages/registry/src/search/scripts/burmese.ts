import { applyRules, replaceSigns } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/*
 * A Burmese syllable is a consonant with what is joined to it, and a rhyme: vowel and silent final are read together.
 */

const rhymes: Rules = [
  [/[\u1037\u1038]/gu, ''],
  [/ောင်/gu, 'aung'],
  [/ိုင်/gu, 'aing'],
  [/ောက်/gu, 'auk'],
  [/ိုက်/gu, 'aik'],
  [/ွ(?:[နမ]်|ံ)/gu, 'un'],
  [/ွ[တပဋ]်/gu, 'ut'],
  [/ိ(?:[နမ]်|ံ)/gu, 'ein'],
  [/ိ[တပ]်/gu, 'eik'],
  [/ု(?:[နမဏ]်|ံ)/gu, 'on'],
  [/ု[တပ]်/gu, 'ok'],
  [/င်/gu, 'in'],
  [/က်/gu, 'et'],
  [/စ်/gu, 'it'],
  [/[တပဋ]်/gu, 'at'],
  [/[နမဏ]်|ံ/gu, 'an'],
  [/[ညဉ]်/gu, 'i'],
  [/ယ်/gu, 'e'],
  [/ော်?/gu, 'aw'],
  [/ို/gu, 'o'],
  [/[ေဲ]/gu, 'e'],
  [/[ာါ]/gu, 'a'],
  [/[ိီ]/gu, 'i'],
  [/[ုူ]/gu, 'u'],
];
const joined: Rules = [
  [/[ရသ]([ျြွ]*)ှ/gu, 'sh$1'],
  [/([က-အ])([ျြွ]*)ှ/gu, 'h$1$2'],
  [/[ျြ]/gu, 'y'],
  [/ွ/gu, 'w'],
];
const consonants: Readonly<Record<string, string>> = {
  က: 'k',
  ခ: 'kh',
  ဂ: 'g',
  ဃ: 'g',
  င: 'ng',
  စ: 's',
  ဆ: 's',
  ဇ: 'z',
  ဈ: 'z',
  ည: 'ny',
  ဉ: 'ny',
  ဋ: 't',
  ဌ: 't',
  ဍ: 'd',
  ဏ: 'n',
  တ: 't',
  ထ: 'ht',
  ဒ: 'd',
  ဓ: 'd',
  န: 'n',
  ပ: 'p',
  ဖ: 'ph',
  ဗ: 'b',
  ဘ: 'b',
  မ: 'm',
  ယ: 'y',
  ရ: 'y',
  လ: 'l',
  ဝ: 'w',
  သ: 'th',
  ဟ: 'h',
  အ: '',
};

export function readBurmese(text: string): Reading {
  return { spoken: [replaceSigns(consonants, applyRules([...rhymes, ...joined], text))] };
}
