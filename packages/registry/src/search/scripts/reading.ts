/** How a word of another script may be written in Latin letters, the plainest first. */
export interface Reading {
  /** As it is spoken: similar words are looked for by these. */
  readonly spoken: readonly string[];
  /** Other ways to spell the same. */
  readonly spelled?: readonly string[];
}

export type Rules = readonly (readonly [signs: RegExp, instead: string])[];

/** The text after each rule in turn. */
export function applyRules(rules: Rules, text: string): string {
  let read = text;
  for (const [signs, instead] of rules) read = read.replaceAll(signs, instead);
  return read;
}

/** Replaces each sign that the table knows. */
export function replaceSigns(table: Readonly<Record<string, string>>, text: string): string {
  return Array.from(text, (sign) => table[sign] ?? sign).join('');
}
