import type { Database } from '@dossier/postgres/database.ts';
import type { DossierRow } from './dossiers.ts';
import { searchDossiers } from './search/search.ts';
import type { SearchAnswer } from './search/search.ts';
import { chunksOf } from './search/words.ts';

export interface Namesake {
  readonly dossier: DossierRow;
  /** Whether the names are the same to who knows neither case, accents nor scripts; similar ones otherwise. */
  readonly same: boolean;
}

export interface NamesakeSearch {
  readonly name: string;
  /** The lists in which they are looked for; all without. */
  readonly lists?: readonly number[] | undefined;
  /** A dossier that is no namesake of itself. */
  readonly except?: number | undefined;
  readonly limit: number;
}

const read = 50;
/** Names of more words are looked for as they are. */
const mostLeftOut = 5;

type Row = SearchAnswer['rows'][number];

/**
 * Who has the same name or a similar one, the most alike first: all words of it, however they are spelled and in whatever order, or all but one where the
 * name has three and more. Names that only begin so are others.
 */
export async function findNamesakes(database: Database, { name, lists, except, limit }: NamesakeSearch): Promise<Namesake[]> {
  const words = wordsOf(name);
  const found = new Map<number, Namesake>();
  const look = async (text: string, isAlike: (row: Row) => boolean): Promise<void> => {
    const { rows } = await searchDossiers(database, { text, filter: { lists, validNow: false }, offset: 0, limit: read });
    for (const row of rows) {
      if (row.id === except || found.has(row.id) || !isAlike(row)) continue;
      const { matches: _matches, ...dossier } = row;
      found.set(row.id, { dossier, same: isSameName(row.name, name) });
    }
  };
  if (words.length === 0) return [];
  await look(name, (row) => isSameName(row.name, name) || (words.length > 1 && isNamed(row)));
  if (words.length > 2 && words.length <= mostLeftOut) {
    for (let left = 0; left < words.length && found.size < limit; left += 1) {
      const others = words.filter((_, index) => index !== left);
      // The name with a word less, and not others that share two words with it.
      await look(others.join(' '), (row) => isNamed(row) && wordsOf(row.name).length === others.length);
    }
  }
  return [...found.values()].toSorted((one, other) => Number(other.same) - Number(one.same)).slice(0, limit);
}

function wordsOf(name: string): string[] {
  return chunksOf(name).flatMap(({ parts }) => parts.map(({ start, end }) => name.slice(start, end)));
}

/** Whether the words of two names can be spoken alike, each in its place. */
export function isSameName(one: string, other: string): boolean {
  const [words = [], others = []] = [one, other].map((text) => chunksOf(text).flatMap(({ parts }) => parts));
  return words.length === others.length && words.every(({ spoken }, at) => spoken.some((form) => others[at]?.spoken.includes(form)));
}

/** Whether all that was looked for is in the name, as whole words. */
function isNamed({ matches }: Row): boolean {
  return matches.every(({ field, how }) => field === 'name' && how !== 'prefix');
}
