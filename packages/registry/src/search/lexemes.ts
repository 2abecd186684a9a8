import type { Json, Meta } from '@dossier/domain/dossier.ts';
import { beginningsOf, chunksOf } from './words.ts';
import type { Word } from './words.ts';

/** What of a dossier can be searched. */
export interface Searchable {
  readonly name: string;
  readonly comment: string;
  readonly external_id: string | null;
  readonly meta: Meta;
}

/** A text of a dossier; the key of a custom field is its path. */
export interface FieldText {
  readonly field: 'name' | 'external_id' | 'comment' | 'meta';
  readonly key: string | null;
  readonly text: string;
}

/** The texts of a dossier in the order in which they count. */
export function textsOf({ name, external_id: externalId, comment, meta }: Searchable): FieldText[] {
  return [
    { field: 'name' as const, key: null, text: name },
    { field: 'external_id' as const, key: null, text: externalId ?? '' },
    { field: 'comment' as const, key: null, text: comment },
    ...[...valuesOf(meta, '')].map(([key, text]) => ({ field: 'meta' as const, key, text })),
  ].filter(({ text }) => text !== '');
}

/** Fields of any form: what was written by hand may be none that we would take. */
function* valuesOf(value: Json, path: string): Generator<[string, string]> {
  if (typeof value === 'string' || typeof value === 'number') yield [path, String(value)];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) yield* valuesOf(item, path === '' ? key : `${path}.${key}`);
}

const mostLexemes = 3000;
const longestWhole = 120;
const shortWord = 3;

/** All words of a text, with those that begin within a word without spaces, and those that stand together as one. */
export function wordsOf(text: string): Word[] {
  return chunksOf(text).flatMap(({ parts, whole }) => [...parts.flatMap((part) => beginningsOf(part, text)), ...(whole ? [whole] : [])]);
}

/** A text as a whole, as it is looked up: its words side by side. */
export function wholeOf(text: string): string {
  return wholesOf(text)[0] ?? '';
}

/** A text as a whole in the ways in which it is found: all words in the first way in which each may be spoken, in the second, and so on. */
function wholesOf(text: string): string[] {
  const words = chunksOf(text).flatMap(({ parts }) => parts);
  const ways = Math.max(1, ...words.map(({ spoken }) => spoken.length));
  return Array.from({ length: ways }, (_, way) =>
    words
      .map(({ forms, spoken }) => spoken[way] ?? spoken.at(-1) ?? forms[0] ?? '')
      .join(' ')
      .slice(0, longestWhole),
  );
}

export interface RowWords {
  /**
   * What the index holds of the row: words of the name, `.` and words of other fields, `=` and a name or an external id
   * as a whole.
   */
  readonly lexemes: string[];
  /** Words that can be mistyped. */
  readonly terms: string[];
}

/** The words of a dossier for the index. */
export function rowWords(dossier: Searchable): RowWords {
  const lexemes = new Set<string>();
  const terms = new Set<string>();
  for (const { field, text } of textsOf(dossier)) {
    if (lexemes.size > mostLexemes) break;
    if (field === 'name' || field === 'external_id') for (const whole of wholesOf(text)) lexemes.add(`=${whole}`);
    for (const word of field === 'name' ? [...wordsOf(text), ...shortPairs(text)] : wordsOf(text)) {
      for (const form of word.forms) lexemes.add(field === 'name' ? form : `.${form}`);
      for (const form of word.spoken) if (isTerm(form)) terms.add(form);
    }
  }
  return { lexemes: [...lexemes].slice(0, mostLexemes), terms: [...terms] };
}

/** `Abd Allah` is also written as one word. */
function shortPairs(name: string): Word[] {
  const parts = chunksOf(name).flatMap((chunk) => chunk.parts);
  return parts.flatMap((word, index) => {
    const next = parts[index + 1];
    if (!next || Math.min(word.forms[0]?.length ?? 0, next.forms[0]?.length ?? 0) > shortWord) return [];
    return [joined(word, next)];
  });
}

/** Two words written as one. */
export function joined(first: Word, second: Word): Word {
  const spoken = first.spoken.slice(0, 2).flatMap((one) => second.spoken.map((other) => `${one}${other}`));
  return { forms: spoken, spoken, start: first.start, end: second.end };
}

/** Whether somebody might type a word wrongly and mean it: numbers are meant as they stand. */
export function isTerm(form: string): boolean {
  return /^[a-z]{3,40}$/.test(form);
}
