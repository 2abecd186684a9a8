import { isTerm, joined, wholeOf } from './lexemes.ts';
import { setLexeme } from './search-index.ts';
import type { SimilarWords } from './similar.ts';
import { chunksOf } from './words.ts';
import type { Chunk, Word } from './words.ts';

/** A word that somebody looks for, and what it may be a part of. */
export interface AskedWord {
  readonly word: Word;
  /** Words that stand for it and those beside it. */
  readonly wholes: readonly Word[];
  /** An article beside names: who has it comes first, who doesn't may be meant all the same. */
  readonly isArticle: boolean;
}

/** Words side by side that may be written as one. */
export interface Span {
  /** Places of its first and last word among the words of the question. */
  readonly first: number;
  readonly last: number;
  readonly word: Word;
}

/** What somebody looks for. */
export interface Question {
  readonly words: readonly AskedWord[];
  readonly spans: readonly Span[];
  /** The words that may have been mistyped. */
  readonly terms: readonly string[];
  readonly whole: string;
}

/** So many words are looked for; of a longer text the first. */
const mostAsked = 16;
/** So many terms are looked up among similar ones, or as many as there are words: each is a query. */
const mostTerms = 10;
/** Longer words are hardly ever written as one with another. */
const longestJoined = 5;
/** Articles of Arabic, which people write, leave out or join to the name; or names: `Kim Jong Il`, `Al Smith`. */
const articles = new Set(['al', 'el', 'ul', 'il']);

export function questionOf(text: string): Question {
  const chunks = chunksOf(text);
  const typed = chunks.flatMap(({ parts }) => parts).slice(0, mostAsked);
  const spans = [...chunkSpans(chunks).filter(({ last }) => last < typed.length), ...joinedSpans(typed)];
  const hasNames = !typed.every(isArticle);
  const words = typed.map((word, at) => ({
    word,
    wholes: spans.filter(({ first, last }) => first <= at && at <= last).map((span) => span.word),
    isArticle: hasNames && isArticle(word),
  }));
  return {
    words,
    spans,
    terms: termsOf([...typed, ...spans.map(({ word }) => word)]).slice(0, Math.max(mostTerms, typed.length)),
    whole: wholeOf(text),
  };
}

/** The plainest terms of each word first, so that none is left without. */
function termsOf(words: readonly Word[]): string[] {
  const ranked = words.flatMap(({ spoken }) => spoken.filter(isTerm).map((term, rank) => ({ term, rank })));
  return [...new Set(ranked.toSorted((one, other) => one.rank - other.rank).map(({ term }) => term))];
}

function isArticle({ forms }: Word): boolean {
  return articles.has(forms[0] ?? '');
}

function chunkSpans(chunks: readonly Chunk[]): Span[] {
  let next = 0;
  return chunks.flatMap(({ parts, whole }) => {
    const first = next;
    next += parts.length;
    return whole ? [{ first, last: next - 1, word: whole }] : [];
  });
}

/** Pairs of words, and two words with an article between them: `Abd al Rahman`. */
function joinedSpans(words: readonly Word[]): Span[] {
  return words.flatMap((word, first) => {
    const [next, afterNext] = words.slice(first + 1);
    if (!next || !isJoinable(word, next)) return [];
    const pair = { first, last: first + 1, word: joined(word, next) };
    return afterNext && isArticle(next) ? [pair, { first, last: first + 2, word: joined(pair.word, afterNext) }] : [pair];
  });
}

function isJoinable(...words: readonly Word[]): boolean {
  return Math.min(...words.map(({ forms }) => forms[0]?.length ?? 0)) <= longestJoined;
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
