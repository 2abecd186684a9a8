import { isTerm, joined, wholeOf } from './lexemes.ts';
import { setLexeme } from './search-index.ts';
import type { SimilarWords } from './similar.ts';
import { chunksOf } from './words.ts';
import type { Word } from './words.ts';

/** A word that somebody looks for, and what it may be a part of. */
export interface AskedWord {
  readonly word: Word;
  /** Words that stand for it and those beside it. */
  readonly wholes: readonly Word[];
  /** An article beside names: who has it comes first, who doesn't may be meant all the same. */
  readonly isArticle: boolean;
}

/** What somebody looks for. */
export interface Question {
  readonly words: readonly AskedWord[];
  /** Of each word but the last, it and the next one written as one; null where nobody would. */
  readonly pairs: readonly (Word | null)[];
  /** The words that may have been mistyped. */
  readonly terms: readonly string[];
  readonly whole: string;
}

const mostWords = 16;
/** Longer words are hardly ever written as one with another. */
const longestJoined = 5;
/** Articles of Arabic, which people write, leave out or join to the name; or names: `Kim Jong Il`, `Al Smith`. */
const articles = new Set(['al', 'el', 'ul', 'il']);

export function questionOf(text: string): Question {
  const chunks = chunksOf(text).slice(0, mostWords);
  const typed = chunks.flatMap(({ parts, whole }) => parts.map((word) => ({ word, of: whole })));
  const hasNames = typed.some(({ word }) => !isArticle(word));
  const pairs = typed.slice(1).map(({ word }, index) => pairOf(typed[index]?.word, word));
  const words = typed.map(({ word, of }, index) => ({
    word,
    wholes: [of, pairs[index - 1], pairs[index]].filter((whole) => whole !== null && whole !== undefined),
    isArticle: hasNames && isArticle(word),
  }));
  const units = [...words.map(({ word }) => word), ...words.flatMap(({ wholes }) => wholes)].map((each) => each.spoken.filter(isTerm));
  // The plainest of each first: looking them up is what a search costs.
  const terms = Array.from({ length: mostWords }, (_, rank) => units.flatMap((spoken) => spoken[rank] ?? [])).flat();
  return { words, pairs, terms: [...new Set(terms)].slice(0, mostTerms), whole: wholeOf(text) };
}

/** So many are looked up among similar ones. */
const mostTerms = 10;

function isArticle({ forms }: Word): boolean {
  return articles.has(forms[0] ?? '');
}

function pairOf(first: Word | undefined, second: Word): Word | null {
  const lengths = [first, second].map((word) => word?.forms[0]?.length ?? 0);
  return first && Math.min(...lengths) <= longestJoined ? joined(first, second) : null;
}

/** How well what was found fits, the best first. */
export const tiers = ['whole', 'begins', 'name', 'name begins', 'field', 'similar'] as const;
export type Tier = (typeof tiers)[number];

export type Similar = ReadonlyMap<string, SimilarWords>;

/** A tier of the search as PostgreSQL's text-search query; a later one finds what an earlier one does, and more. */
export function tierQuery(tier: Tier, question: Question, options: { sets: readonly number[] | null; similar: Similar }): string {
  const found = wordsQuery(tier, question, options.similar);
  if (options.sets === null) return found;
  return `(${found}) & (${options.sets.map((set) => `'${setLexeme(set)}'`).join(' | ')})`;
}

function wordsQuery(tier: Tier, { words, whole }: Question, similar: Similar): string {
  if (tier === 'whole') return `'=${whole}'`;
  if (tier === 'begins') return `'=${whole}':*`;
  const ways: Record<Exclude<Tier, 'whole' | 'begins'>, (word: Word) => string[]> = {
    name: ({ forms }) => forms.map((form) => `'${form}'`),
    'name begins': ({ forms }) => forms.map((form) => `'${form}':*`),
    field: ({ forms }) => forms.flatMap(inAnyField),
    similar: ({ forms, spoken }) => [
      ...forms.flatMap(inAnyField),
      ...spoken.flatMap((form) => [...(similar.get(form)?.keys() ?? [])]).flatMap((word) => [`'${word}'`, `'.${word}'`]),
    ],
  };
  const way = ways[tier];
  const needed = tier === 'similar' ? words.filter(({ isArticle: mayLack }) => !mayLack) : words;
  return needed.map(({ word, wholes }) => `(${[...new Set([word, ...wholes].flatMap(way))].join(' | ')})`).join(' & ');
}

/** Fewer letters begin too many words to be looked for in all fields. */
const shortest = 3;

function inAnyField(form: string): string[] {
  return [`'${form}':*`, form.length < shortest ? `'.${form}'` : `'.${form}':*`];
}
