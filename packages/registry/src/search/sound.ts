/** Letters that are heard alike, whoever wrote them down and in whichever spelling of another script. */
const alike: readonly (readonly [RegExp, string])[] = [
  [/(?<=[aeiou])h$/g, ''],
  [/(?<=.)x/g, 'ks'],
  [/wh/g, 'hv'],
  [/(?<=.)w(?=[aeiou])/g, 'v'],
  [/kh/g, 'h'],
  [/tsch|tch|dzh|dj|zh|ch|cz|j/g, 'j'],
  [/shch|sch|sh|ts|tz|dz|[szx]/g, 's'],
  [/ph|bh|[fv]/g, 'f'],
  [/[dt]h?/g, 't'],
  [/ck|gh|[ckgq]/g, 'k'],
  [/[bp]/g, 'p'],
];

/**
 * How a word of Latin letters sounds: its consonants, those that are often taken for each other as one. Vowels are left
 * out but for a leading one, as many scripts don't write them: `muhammad`, `mohamed`, `mokhammed` and `mhmd` sound
 * alike.
 */
export function soundOf(word: string): string {
  let sound = word
    .replace(/^[yj]/, 'j')
    .replace(/^w/, 'v')
    .replace(/^[aeiou]+/, 'a');
  for (const [letters, letter] of alike) sound = sound.replaceAll(letters, letter);
  const consonants = sound.charAt(0) + sound.slice(1).replaceAll(/[aeiouyw]/g, '');
  // In scripts of India a nasal before another consonant is one sign. Wherever it stands, so that the beginning of a
  // word begins its sound.
  return consonants.replaceAll(/(.)\1+/g, '$1').replaceAll('n', 'm');
}
