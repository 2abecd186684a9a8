import { distance } from 'fastest-levenshtein';
import { query } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { soundOf } from './sound.ts';

/** Words that may have been meant by one, each with what speaks against it: 0 nothing, the more the less likely. */
export type SimilarWords = ReadonlyMap<string, number>;

const looked = 300;
const kept = 25;

/**
 * Words that sound like the word, begin so, or differ by a typing error: of the index (where typing errors take
 * pg_trgm), and of `fresh`, which it doesn't know yet.
 */
export async function findSimilar(connection: Connection, word: string, fresh: readonly Sounding[]): Promise<SimilarWords> {
  const typed = soundingOf(word);
  const found = await query<{ word: string; sound: string }>(
    connection,
    `(select word, sound from search_terms where sound = :sound order by word limit ${looked})
     union (select word, sound from search_terms where length(:sound::text) >= 3 and sound > :sound and sound < :sound::text || '~' order by sound, word limit ${looked})
     union select word, sound from similar_terms(:word, :sound, ${looked})`,
    { word, sound: typed.sound },
  );
  const costs = [...found.map((term) => soundingOf(term.word, term.sound)), ...fresh]
    .map((term) => [term.word, costOf(typed, term)] as const)
    .filter((entry): entry is readonly [string, number] => entry[1] !== null);
  return new Map(costs.toSorted((one, other) => one[1] - other[1]).slice(0, kept));
}

/** A word, and what it is known by among similar ones. */
export interface Sounding {
  readonly word: string;
  readonly sound: string;
  /** Without the ways to write a long vowel or consonant. */
  readonly spoken: string;
}

export function soundingOf(word: string, sound = soundOf(word)): Sounding {
  const spoken = word
    .replaceAll('ee', 'i')
    .replaceAll(/oo|ou/g, 'u')
    .replaceAll(/(.)\1+/g, '$1');
  return { word, sound, spoken };
}

/** What speaks against a word that was found, or null where it can't be meant. */
function costOf(typed: Sounding, found: Sounding): number | null {
  const steps = distance(typed.spoken, found.spoken);
  if (typed.sound === found.sound && (typed.sound.length >= 3 || steps <= Math.max(2, Math.ceil(typed.word.length / 2))))
    return 0.5 + steps / 10;
  if (steps <= errorsIn(typed.word)) return steps;
  if (isTransposed(typed.word, found.word)) return 1;
  const begun = distance(typed.word, found.word.slice(0, typed.word.length));
  if (begun <= errorsIn(typed.word) - 1) return 1 + begun;
  if (typed.sound.length >= 3 && found.sound.startsWith(typed.sound)) return 1.5 + begun / 10;
  return typed.sound.length >= 5 && distance(typed.sound, found.sound) === 1 ? 2 + steps / 10 : null;
}

/** How many errors there may be in a word of this length. */
function errorsIn({ length }: string): number {
  if (length < 4) return 0;
  return length < 6 ? 1 : length < 9 ? 2 : 3;
}

/** Whether the words differ by the order of two letters that stand side by side. */
function isTransposed(one: string, other: string): boolean {
  if (one.length !== other.length || one.length < 3) return false;
  const at = Array.from(one).findIndex((letter, index) => letter !== other[index]);
  return `${one.slice(0, at)}${one[at + 1]}${one[at]}${one.slice(at + 2)}` === other;
}
