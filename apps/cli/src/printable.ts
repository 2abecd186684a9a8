// Control characters could drive the terminal, line separators feign lines, and direction marks reorder one.
const unprintable = /[\u0000-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;
const unprintableButLineFeed = new RegExp(unprintable.source.replace('\\u001F', '\\u0009\\u000B-\\u001F'), 'g');

/** A text of others in one line that can neither drive the terminal nor reorder it. */
export function printable(text: string): string {
  return text.replace(unprintable, ' ');
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.replace(unprintableButLineFeed, ' ');
}

/** JSON with the same characters escaped: nothing is lost. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    unprintableButLineFeed,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
