import anyAscii from 'any-ascii';
import { applyRules } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/*
 * Beside Pinyin stands the way of Wade and Giles, in which Taiwan and older documents write names, without its
 * apostrophes.
 */

const wadeGiles: Rules = [
  [/^(?:zh|ch)i$/g, 'chih'],
  [/^shi$/g, 'shih'],
  [/^ri$/g, 'jih'],
  [/^[zc]i$/g, 'tzu'],
  [/^si$/g, 'szu'],
  [/^zh/g, 'ch'],
  [/^[zc](?!h)/g, 'ts'],
  [/^[jq]/g, 'ch'],
  [/^x/g, 'hs'],
  [/^r/g, 'j'],
  [/^b/g, 'p'],
  [/^d/g, 't'],
  [/^g/g, 'k'],
  [/ian$/g, 'ien'],
  [/ong$/g, 'ung'],
  [/^yi$/g, 'i'],
  [/^(k|h)e$/g, '$1o'],
];
/** In passports ü is yu; any-ascii knows only u. */
const rounded = /[女钕吕呂侣侶旅铝鋁缕縷履屡屢驴驢绿綠律率虑慮滤濾氯]/u;

export function readChinese(text: string): Reading {
  const read = (spell: (syllable: string, sign: string) => string): string =>
    Array.from(text, (sign) => (/\p{Script=Han}/u.test(sign) ? spell(anyAscii(sign).toLowerCase(), sign) : sign)).join('');
  const passport = read((syllable, sign) => (rounded.test(sign) ? syllable.replace(/u$/, 'yu') : syllable));
  return { spoken: [text], spelled: [passport, read((syllable) => applyRules(wadeGiles, syllable))] };
}
