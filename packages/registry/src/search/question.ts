import { isTerm, wholeOf } from './lexemes.ts';
import { setLexeme } from './search-index.ts';
import type { SimilarWords } from './similar.ts';
import { chunksOf } from './words.ts';
import type { Chunk, Word } from './words.ts';

/** What somebody looks for. */
export interface Question {
  readonly chunks: readonly Chunk[];
  /** The words that may have been mistyped. */
  readonly terms: readonly string[];
  readonly whole: string;
}

const mostChunks = 16;

export function questionOf(text: string): Question {
  const chunks = chunksOf(text).slice(0, mostChunks);
  const forms = chunks.flatMap(({ parts, whole }) => [...parts, ...(whole ? [whole] : [])].map(({ forms: [plain = ''] }) => plain));
  return { chunks, terms: [...new Set(forms)].filter(isTerm), whole: wholeOf(text) };
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

function wordsQuery(tier: Tier, { chunks, whole }: Question, similar: Similar): string {
  if (tier === 'whole') return `'=${whole}'`;
  if (tier === 'begins') return `'=${whole}':*`;
  const ways: Record<Exclude<Tier, 'whole' | 'begins'>, (word: Word) => string[]> = {
    name: ({ forms }) => forms.map((form) => `'${form}'`),
    'name begins': ({ forms }) => forms.map((form) => `'${form}':*`),
    field: ({ forms }) => forms.flatMap(inAnyField),
    similar: ({ forms }) => [
      ...forms.flatMap(inAnyField),
      ...[...(similar.get(forms[0] ?? '')?.keys() ?? [])].flatMap((word) => [`'${word}'`, `'.${word}'`]),
    ],
  };
  const way = ways[tier];
  const either = (word: Word): string => `(${way(word).join(' | ')})`;
  return chunks
    .map(({ parts, whole: together }) => {
      const each = parts.map(either).join(' & ');
      return together ? `(${each} | ${either(together)})` : each;
    })
    .join(' & ');
}

/** Fewer letters begin too many words to be looked for in all fields. */
const shortest = 3;

function inAnyField(form: string): string[] {
  return [`'${form}':*`, form.length < shortest ? `'.${form}'` : `'.${form}':*`];
}
