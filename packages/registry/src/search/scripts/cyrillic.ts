import { replaceSigns } from './reading.ts';
import type { Reading } from './reading.ts';

/* Beside English, Germans and French write Cyrillic names in ways of their own, which stand in passports. */

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
  return { spoken: [text.replaceAll('ё', 'е').replaceAll('Ё', 'Е')], spelled: [german, french].map((table) => replaceSigns(table, lower)) };
}
