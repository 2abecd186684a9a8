const maximumWaitSeconds = 60;

/**
 * The seconds that a client is ready to wait: `wait` of its Prefer fields (RFC 7240), at most 60. Null without a usable one; of several
 * the first counts, and other preferences are ignored.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | null {
  for (const preference of splitOutsideQuotes(prefer ?? '', ',')) {
    const [named = ''] = splitOutsideQuotes(preference, ';');
    const [name = '', ...value] = named.split('=').map((part) => part.trim());
    if (name.toLowerCase() !== 'wait') continue;
    const seconds = /^(?:(\d{1,9})|"(\d{1,9})")$/.exec(value.join('='));
    return seconds ? Math.min(Number(seconds[1] ?? seconds[2]), maximumWaitSeconds) : null;
  }
  return null;
}

/** Linear, since anybody may send long fields. A quote that is never closed reaches to the end. */
function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}
