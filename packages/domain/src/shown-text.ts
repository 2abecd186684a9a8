/** What can be seen of a text: neither space, control or format characters nor letters without a shape. */
const seen = /[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{DI}\u2800]/u;
/** What belongs together although parts of it can't be seen: flags, and joiners within scripts and emoji that are written with them. */
const kept = /\u{1f3f4}[\u{e0020}-\u{e007f}]+|(?<=[^\s\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}])[\u200c\u200d](?=\S)/u;
/** What an eye passes over although it alters what it sees: it turns text around, breaks the line or hides between letters. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/u;
const either = new RegExp(`(?<kept>${kept.source})|${unseen.source}`, 'gu');

/** Whether somebody who looks at the text sees anything. */
export function canBeSeen(text: string): boolean {
  return seen.test(text);
}

/**
 * A text of one line with what can't be seen made visible, as `⟨U+202E⟩`: control and format characters, and everything where nothing else is there to be
 * seen. What scripts and emoji are properly written with stays.
 */
export function shownText(text: string): string {
  if (text !== '' && !canBeSeen(text)) return Array.from(text, named).join('');
  return text.replaceAll(either, (found, flagOrJoiner: string | undefined) => flagOrJoiner ?? named(found));
}

/** As `shownText`, for a text of several lines: line breaks and tabs stay. */
export function shownLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part) => (/^\s*$/.test(part) ? part : shownText(part)))
    .join('');
}

function named(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
