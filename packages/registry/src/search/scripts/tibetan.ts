import anyAscii from 'any-ascii';
import type { Reading } from './reading.ts';

/* A Tibetan syllable has letters before, above and behind its root that nobody speaks; they are left out. */

const stack = /[\u0F40-\u0F6C][\u0F90-\u0FBC]*[\u0F71-\u0F84]*/gu;
const prefixes = new Set('གདབམའ');
const above = /^[རལས](?=[\u0F90-\u0FAC])/u;

export function readTibetan(text: string): Reading {
  return {
    spoken: [
      text
        .split(/[\u0F0B\u0F0C]/u)
        .map(readSyllable)
        .join(''),
    ],
  };
}

function readSyllable(syllable: string): string {
  const stacks: string[] = syllable.match(stack) ?? [];
  const [first = '', ...others] = stacks;
  const isPrefixed = others.length > 0 && prefixes.has(first) && (others.length > 1 || /[\u0F71-\u0FBC]/u.test(others[0] ?? ''));
  const [root = '', suffix = ''] = isPrefixed ? others : stacks;
  const bare = root.replace(above, '');
  const vowel = /[\u0F71-\u0F84]/u.test(root) ? '' : /^[ནདལས]/u.test(suffix) ? 'e' : 'a';
  const last = /^[གངནབམརལ]$/u.test(suffix) ? letterOf(suffix) : '';
  return `${rootOf(bare)}${vowel}${last}`;
}

/** The letters that are joined below the root are read with it. */
function rootOf(root: string): string {
  const plain = Array.from(root, (sign) =>
    letterOf(/[\u0F90-\u0FB9]/u.test(sign) ? String.fromCodePoint((sign.codePointAt(0) ?? 0) - 0x50) : sign),
  ).join('');
  return plain
    .replace(/^(?:[kgb]|z|r|s)l/, 'l')
    .replace(/^(?:kr|tr|pr)/, 'tr')
    .replace(/^(?:gr|dr|br)/, 'dr')
    .replace(/^(?:py|phy)/, 'ch')
    .replace(/^by/, 'j')
    .replace(/^tsh/, 'ts');
}

function letterOf(sign: string): string {
  return anyAscii(sign)
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '');
}
