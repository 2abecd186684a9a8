import { applyRules } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/* Greeks of today write b, d and g by two letters each, and speak αυ and ευ as av, ev or af, ef. */

const before = '[αάεέηήιίϊΐοόυύϋΰωώβγδζλμνρ]';
const diphthongs: Rules = [[/ου|ού/gu, 'ou']];
const spoken: Rules = [
  ...diphthongs,
  [new RegExp(`α[υύ](?=${before}|$)`, 'gu'), 'av'],
  [new RegExp(`ε[υύ](?=${before}|$)`, 'gu'), 'ev'],
  [/α[υύ]/gu, 'af'],
  [/ε[υύ]/gu, 'ef'],
  [/^μπ/gu, 'b'],
  [/^ντ/gu, 'd'],
  [/^γκ/gu, 'g'],
  [/γγ/gu, 'ng'],
  [/γ[ιί](?=[αάοόωώ])/gu, 'y'],
];

/** As names of other languages are written. */
const foreign: Rules = [[/τζ/gu, 'j'], [/μπ/gu, 'b'], [/ντ/gu, 'd'], [/γκ/gu, 'g'], [/χ/gu, 'h'], ...diphthongs];

export function readGreek(text: string): Reading {
  const lower = text.toLowerCase();
  return { spoken: [applyRules(diphthongs, lower), applyRules(spoken, lower), applyRules(foreign, lower)] };
}
