import anyAscii from 'any-ascii';
import { readingOf } from './scripts/readings.ts';

/** A word of a text: how it may be written in Latin letters, and where it stands in the text, in UTF-16 code units. */
export interface Word {
  /** Lower-case letters and digits; the plainest first. */
  readonly forms: readonly string[];
  /** Those of the forms by which similar words are looked for. */
  readonly spoken: readonly string[];
  readonly start: number;
  readonly end: number;
}

/** Words that stand together: `Jean-Pierre` is `jean`, `pierre`, and as a whole `jeanpierre`. */
export interface Chunk {
  readonly parts: readonly Word[];
  /** Only where there is more than one part. */
  readonly whole: Word | null;
}

const longestForm = 64;
/**
 * Format characters (zero-width joiners, soft hyphens) and the dots between Tibetan syllables belong to the word around
 * them.
 */
const letters = String.raw`[\p{L}\p{M}\p{N}\p{Cf}\u0F0B\u0F0C]+`;
const chunks = new RegExp(String.raw`${letters}(?:['’‘ʼʻʹ\u0060´ʿʾ"״׳·・./_\p{Pd}]${letters})*`, 'gu');
const parts = new RegExp(letters, 'gu');

/** The words of a text, in their order. Neither case nor accents nor the form of Unicode matter to their forms. */
export function chunksOf(text: string): Chunk[] {
  return Array.from(text.matchAll(chunks), ({ 0: chunk, index }) => {
    const found = Array.from(chunk.matchAll(parts), (part) => ({ text: part[0], start: index + part.index }))
      .map(wordAt)
      .filter(hasForms);
    const whole = found.length > 1 ? wordAt({ text: chunk, start: index }) : null;
    return { parts: found, whole };
  }).filter(({ parts: found }) => found.length > 0);
}

function hasForms({ forms }: Word): boolean {
  return forms.length > 0;
}

function wordAt({ text, start }: { text: string; start: number }): Word {
  return { ...formsOf(text), start, end: start + text.length };
}

/** Where a script has no spaces, a word may begin at each of its signs. */
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
/** So many signs from each beginning are kept. */
const longestTail = 16;

/** Arabic writes the article in one with the name, and people type `al-rashid`, `alrashid` or `rashid`. */
const article = /^ال(?=\p{L}{3})/u;

/** A word, and what begins within it: at its later signs where it has no spaces, and after an article. */
export function beginningsOf(word: Word, text: string): Word[] {
  const written = text.slice(word.start, word.end);
  if (article.test(written)) return [word, wordAt({ text: written.slice(2), start: word.start + 2 })];
  if (!unspaced.test(written)) return [word];
  const signs = Array.from(written.matchAll(/\P{M}\p{M}*/gu), (sign) => sign.index);
  return signs
    .map((at, index) => ({ text: written.slice(at, signs[index + longestTail]), start: word.start + at }))
    .map(wordAt)
    .filter(hasForms);
}

/** How a word is written in Latin letters: as it is spoken, as people spell it otherwise, and simplified. */
function formsOf(written: string): Pick<Word, 'forms' | 'spoken'> {
  const { spoken, spelled } = spellingsOf(written);
  const forms = new Set([...spoken, ...spelled]);
  for (const spelling of Array.from(forms)) forms.add(simplified(spelling));
  forms.delete('');
  return { forms: [...forms], spoken: [...new Set(spoken)].filter((form) => form !== '') };
}

function spellingsOf(written: string): { spoken: string[]; spelled: string[] } {
  if (/^[0-9A-Za-z]+$/.test(written)) return { spoken: [written.toLowerCase().slice(0, longestForm)], spelled: [] };
  const text = written.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
  const { spoken, spelled = [] } = readingOf(text);
  const german = /[äöüåøæœ]/iu.test(text) ? [spelledOut(text)] : [];
  return { spoken: [...spoken, ...german].map(latin), spelled: spelled.map(latin) };
}

/** Lower-case Latin letters and digits of a text in NFKC; what no Latin letters are known for stays as it is. */
function latin(text: string): string {
  const ascii = anyAscii(text)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  return (ascii === '' ? text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '') : ascii).slice(0, longestForm);
}

const spelled: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe', æ: 'ae', œ: 'oe' };

function spelledOut(text: string): string {
  return text.toLowerCase().replaceAll(/[äöüåøæœ]/g, (letter) => spelled[letter] ?? letter);
}

/** Spellings that say the same: `alexey`, `aleksei` and `aleksey`; `mohamed`, `mokhammed` and `mohammed`. */
function simplified(form: string): string {
  if (!/kh|ph|ck|[xqwyj]|([a-z])\1/.test(form)) return form;
  return form.replaceAll(/kh|ph|ck|[xqwyj]/g, (found) => sameAs[found] ?? found).replaceAll(/([a-z])\1+/g, '$1');
}

const sameAs: Readonly<Record<string, string>> = { kh: 'h', ph: 'f', ck: 'k', x: 'ks', q: 'k', w: 'v', y: 'i', j: 'i' };
