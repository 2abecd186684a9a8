import anyAscii from 'any-ascii';

/** A word of a text: how it may be written in Latin letters, and where it stands in the text, in UTF-16 code units. */
export interface Word {
  /** Lower-case letters and digits; the plainest first. */
  readonly forms: readonly string[];
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
/** Format characters (zero-width joiners, soft hyphens) belong to the word around them. */
const letters = String.raw`[\p{L}\p{M}\p{N}\p{Cf}]+`;
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
  return { forms: formsOf(text), start, end: start + text.length };
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

/** How a word is written in Latin letters: plainly, as Germans and Scandinavians spell their letters out, as Koreans write their names, and simplified. */
function formsOf(written: string): string[] {
  const spellings = /^[0-9A-Za-z]+$/.test(written) ? [written.toLowerCase().slice(0, longestForm)] : spellingsOf(written);
  const forms = new Set(spellings);
  for (const spelling of spellings) forms.add(simplified(spelling));
  forms.delete('');
  return [...forms];
}

function spellingsOf(written: string): string[] {
  const text = written.normalize('NFKC').replaceAll(/\p{Cf}/gu, '');
  const plain = latin(text);
  return [plain, ...(/[äöüåøæœ]/iu.test(text) ? [latin(spelledOut(text))] : []), ...koreanOf(text, plain)];
}

const before: readonly (readonly [RegExp, string])[] = [
  [/ё/g, 'е'],
  [/Ё/g, 'Е'],
  [/[ΟοΌό][υύΥΎ]/g, 'ou'],
  // Letters of Arabic that any-ascii leaves out, or writes as an apostrophe.
  [/ع/g, 'a'],
  [/(?<!\p{L})[اأإآٱ]/gu, 'a'],
  // Thai and Lao write some vowels before the consonant after which they are spoken.
  [/([\u0E40-\u0E44])([\u0E01-\u0E2E])/g, '$2$1'],
  [/([\u0EC0-\u0EC4])([\u0E81-\u0EAE])/g, '$2$1'],
];

/** Lower-case Latin letters and digits of a text in NFKC; what no Latin letters are known for stays as it is. */
function latin(text: string): string {
  let spoken = text;
  for (const [signs, instead] of before) spoken = spoken.replaceAll(signs, instead);
  const ascii = anyAscii(spoken)
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
  return form.replaceAll(/kh|ph|ck|[xqwyj]/g, (spelling) => sameAs[spelling] ?? spelling).replaceAll(/([a-z])\1+/g, '$1');
}

const sameAs: Readonly<Record<string, string>> = { kh: 'h', ph: 'f', ck: 'k', x: 'ks', q: 'k', w: 'v', y: 'i', j: 'i' };

/** Family names as Koreans write them in passports, by the official transliteration. */
const koreanNames: Readonly<Record<string, readonly string[]>> = {
  gim: ['kim'],
  i: ['lee', 'yi', 'rhee'],
  bag: ['park', 'pak'],
  choe: ['choi'],
  jeong: ['jung', 'chung', 'jeong'],
  gang: ['kang'],
  jo: ['cho', 'jo'],
  yun: ['yoon'],
  im: ['lim', 'im'],
  o: ['oh'],
  seo: ['suh', 'seo'],
  sin: ['shin'],
  gwon: ['kwon'],
  an: ['ahn'],
  yu: ['yoo', 'ryu', 'you'],
  no: ['noh', 'roh'],
  u: ['woo'],
  gu: ['koo', 'ku'],
  mun: ['moon'],
  bae: ['pae'],
  baeg: ['baek', 'paik'],
  heo: ['hur', 'huh'],
  ju: ['joo', 'chu'],
  gwak: ['kwak'],
};

function koreanOf(text: string, plain: string): string[] {
  if (!/^\p{Script=Hangul}+$/u.test(text)) return [];
  const first = latin(text.slice(0, 1));
  return (koreanNames[first] ?? []).map((name) => name + plain.slice(first.length));
}
