import { applyRules, replaceSigns } from './reading.ts';
import type { Reading, Rules } from './reading.ts';

/* Beside English, Germans and French write Cyrillic names in ways of their own, which stand in passports. */

/** Where `е` has a sound of its own: at the beginning, after vowels and signs. */
const iotated = /(?<=^|[аеёиоуыэюяіїєьъ])е/gu;
const englishRules: Rules = [
  [iotated, 'ye'],
  [/(?<=[жчшщ])ё/gu, 'o'],
  [/ё/gu, 'yo'],
];
const germanRules: Rules = [
  [iotated, 'je'],
  [/(?<=[жчшщ])ё/gu, 'o'],
];
const frenchRules: Rules = [
  [/(?<=[аеёиоуыэюяіїєьъ])е/gu, 'ie'],
  [/(?<=[жчшщ])ё/gu, 'e'],
];

const german: Readonly<Record<string, string>> = {
  в: 'w',
  ж: 'sch',
  з: 's',
  й: 'j',
  х: 'ch',
  ц: 'z',
  ч: 'tsch',
  ш: 'sch',
  щ: 'schtsch',
  ю: 'ju',
  я: 'ja',
  є: 'je',
  ї: 'ji',
  ё: 'jo',
};
const french: Readonly<Record<string, string>> = {
  ж: 'j',
  у: 'ou',
  х: 'kh',
  ч: 'tch',
  ш: 'ch',
  щ: 'chtch',
  ю: 'iou',
  я: 'ia',
  є: 'ie',
  ї: 'i',
  ё: 'io',
};

export function readCyrillic(text: string): Reading {
  const lower = text.toLowerCase();
  // Most people write `ё` as `е`; a word has only one, as it is always stressed.
  const withYo = lower.includes('ё') ? lower : lower.replace(/(?<=[жчшщ])е(?!.*[жчшщ]е)/u, 'ё');
  return {
    spoken: [text.replaceAll('ё', 'е').replaceAll('Ё', 'Е')],
    spelled: [
      applyRules(englishRules, lower),
      ...[lower, withYo].map((word) => replaceSigns(german, applyRules(germanRules, word))),
      replaceSigns(french, applyRules(frenchRules, lower)),
    ],
  };
}
