import { textsOf, wordsOf } from './lexemes.ts';
import type { FieldText, Searchable } from './lexemes.ts';
import type { Question, Similar, Span } from './question.ts';
import type { Word } from './words.ts';

/** Why a dossier was found: a part of one of its texts, in UTF-16 code units. */
export interface Match {
  readonly field: FieldText['field'];
  /** Of a custom field its key. */
  readonly key: string | null;
  readonly start: number;
  readonly end: number;
  /** What stands there. */
  readonly text: string;
  readonly how: 'exact' | 'prefix' | 'similar';
}

interface Weighed extends Match {
  /** The lower, the better. */
  readonly cost: number;
}

const kinds = { exact: 0, prefix: 0.01, similar: 0.1 } as const;
const otherField = 0.05;
const nothing = 10;
/** Of an article as much as a typing error. */
const leftOut = 1;

/** For each word of the question the place that fits it best. */
export function matchesOf(question: Question, dossier: Searchable, similar: Similar): Match[] {
  const marks = weigh(question, textsOf(dossier), similar).map(({ cost: _cost, ...match }) => match);
  const places = new Set<string>();
  return marks.filter(({ field, key, start }) => {
    const place = `${field} ${key} ${start}`;
    return places.size < places.add(place).size;
  });
}

/**
 * Says how badly a name fits a question; of two that are found, the one with less comes first. What a word of names
 * costs is worked out once.
 */
export function createNameCost(question: Question, similar: Similar): (name: string) => number {
  const typed = question.words.map(({ word }) => word);
  const units = [...typed, ...question.spans.map(({ word }) => word)];
  const worst: readonly number[] = units.map((_, index) => (question.words[index]?.isArticle === true ? leftOut : nothing));
  const known = new Map<string, readonly number[]>();
  const costsOf = (written: string): readonly number[] => {
    const words = wordsOf(written);
    return units.map((unit) => Math.min(nothing, ...words.map((found) => unitCost(unit, found, similar))));
  };
  return (name) => {
    const best = worst.slice();
    for (const written of name.split(/\s+/)) {
      const costs = known.get(written) ?? costsOf(written);
      known.set(written, costs);
      for (const [index, cost] of costs.entries()) best[index] = Math.min(best[index] ?? nothing, cost);
    }
    return sumOf(best, question.spans);
  };
}

function unitCost(unit: Word, found: Word, similar: Similar): number {
  const fit = fitOf(unit, found, similar);
  return fit ? kinds[fit.how] + fit.cost : nothing;
}

/** The least that words cost together, where those of a span may be one; `costs` has first those of the words, then those of the spans. */
function sumOf(costs: readonly number[], spans: readonly Span[]): number {
  const words = costs.slice(0, costs.length - spans.length);
  const sums = [0];
  for (const [at, cost] of words.entries()) {
    const ways = spans.map(({ first, last }, index) =>
      last === at ? (sums[first] ?? 0) + (costs[words.length + index] ?? nothing) : Infinity,
    );
    sums.push(Math.min((sums[at] ?? 0) + cost, ...ways));
  }
  return sums.at(-1) ?? 0;
}

function weigh({ words }: Question, texts: readonly FieldText[], similar: Similar): Weighed[] {
  const fields = texts.map((text, order) => ({ ...text, order, words: wordsOf(text.text) }));
  const best = (word: Word): Weighed[] => {
    let found: Weighed | null = null;
    for (const field of fields) {
      for (const candidate of field.words) {
        const mark = compare(word, candidate, { field, similar });
        if (mark && (found === null || mark.cost < found.cost)) found = mark;
      }
    }
    return found ? [found] : [];
  };
  return words.flatMap(({ word, wholes }) => {
    const own = best(word);
    if (own[0]?.how === 'exact') return own;
    // `Al Rashid` begins no other word where it is written as one.
    return [...own, ...wholes.flatMap(best)].toSorted((one, another) => one.cost - another.cost).slice(0, 1);
  });
}

function compare(typed: Word, found: Word, { field, similar }: { field: FieldText & { order: number }; similar: Similar }): Weighed | null {
  const fit = fitOf(typed, found, similar);
  if (fit === null) return null;
  const { how, length } = fit;
  const end = how === 'prefix' ? reach(field.text, found, length) : found.end;
  const cost = kinds[how] + fit.cost + (field.field === 'name' ? 0 : otherField + field.order / 1000);
  return { field: field.field, key: field.key, start: found.start, end, text: field.text.slice(found.start, end), how, cost };
}

function fitOf(typed: Word, found: Word, similar: Similar): { how: Match['how']; length: number; cost: number } | null {
  const exact = typed.forms.find((form) => found.forms.includes(form));
  // Of two spellings the one that is written like what was typed is the better one.
  if (exact !== undefined) return { how: 'exact', length: exact.length, cost: typed.forms[0] === found.forms[0] ? 0 : 0.005 };
  const begun = typed.forms.find((form) => found.forms.some((other) => other.startsWith(form)));
  if (begun !== undefined) return { how: 'prefix', length: begun.length, cost: 0 };
  const words = typed.spoken.map((form) => similar.get(form));
  const costs = words.flatMap((costOf) => found.forms.flatMap((form) => costOf?.get(form) ?? []));
  return costs.length > 0 ? { how: 'similar', length: 0, cost: Math.min(...costs) } : null;
}

/** The end of the part of a word that is written with so many Latin letters. */
function reach(text: string, { start, end }: Word, length: number): number {
  for (let at = start + 1; at < end; at += 1) {
    const [word] = wordsOf(text.slice(start, at));
    if ((word?.forms[0]?.length ?? 0) >= length && !/^[\p{M}\p{Cf}\uDC00-\uDFFF]/u.test(text.slice(at))) return at;
  }
  return end;
}
