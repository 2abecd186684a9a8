import anyAscii from 'any-ascii';
import { applyRules } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/** Family names as Koreans write them in passports, by the official transliteration. */
const familyNames: Readonly<Record<string, readonly string[]>> = {
  gim: ['kim'],
  i: ['lee', 'yi', 'rhee'],
  ri: ['ri', 'lee', 'rhee'],
  bag: ['park', 'pak'],
  choe: ['choi'],
  jeong: ['jung', 'chung', 'jeong'],
  gang: ['kang'],
  jo: ['cho', 'jo'],
  yun: ['yoon', 'youn'],
  im: ['lim', 'im'],
  o: ['oh'],
  seo: ['suh', 'seo'],
  sin: ['shin'],
  gwon: ['kwon'],
  an: ['ahn'],
  yu: ['yoo', 'ryu', 'you'],
  ryu: ['ryu', 'yoo', 'yu'],
  no: ['noh', 'roh'],
  u: ['woo'],
  gu: ['koo', 'ku'],
  mun: ['moon'],
  bae: ['pae'],
  baeg: ['baek', 'paik'],
  heo: ['hur', 'huh'],
  ju: ['joo', 'chu'],
  gwak: ['kwak'],
  son: ['sohn'],
  hwang: ['whang'],
};
/** Vowels that the official transliteration writes by two letters, and people by one of them. */
const vowels: readonly Rules[] = [
  [
    [/eo/g, 'o'],
    [/eu/g, 'u'],
  ],
  [
    [/eo/g, 'u'],
    [/eu/g, 'u'],
  ],
];

export function readKorean(text: string): Reading {
  const plain = latinOf(text);
  const first = latinOf(text.slice(0, 1)).replace(/^l/, 'r');
  const given = plain.slice(latinOf(text.slice(0, 1)).length);
  const families = familyNames[first] ?? [];
  const spelled = [plain, ...families.map((family) => family + given)];
  return {
    spoken: spelled,
    spelled: vowels.flatMap((rules) => [applyRules(rules, plain), ...families.map((family) => family + applyRules(rules, given))]),
  };
}

function latinOf(text: string): string {
  return anyAscii(text).toLowerCase();
}
