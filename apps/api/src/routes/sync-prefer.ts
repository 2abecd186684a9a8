const maximumWaitSeconds = 60;

/**
 * The seconds that a client is ready to wait: `wait` of its Prefer fields (RFC 7240), at most 60. Null without a usable one; of several
 * the first counts, and other preferences are ignored.
 */
export function preferredWaitSeconds(prefer: string | undefined): number | null {
  for (const preference of splitOutsideQuotes(prefer ?? '', ',')) {
    const [named = ''] = splitOutsideQuotes(preference, ';');
    const [, name, value] = /^\s*([^\s=]+)\s*(?:=\s*(.*?)\s*)?$/s.exec(named) ?? [];
    if (name?.toLowerCase() !== 'wait') continue;
    const seconds = /^(?:(\d{1,9})|"(\d{1,9})")$/.exec(value ?? '');
    return seconds ? Math.min(Number(seconds[1] ?? seconds[2]), maximumWaitSeconds) : null;
  }
  return null;
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): string[] {
  return [...text.matchAll(separator === ',' ? /(?:"(?:[^"\\]|\\.)*"|[^",])+|"/gs : /(?:"(?:[^"\\]|\\.)*"|[^";])+|"/gs)].map(
    ([part]) => part,
  );
}
