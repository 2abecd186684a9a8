import { configurationKeys, isTimeZone, rules } from './configuration-schema.ts';
import type { ConfigurationKey } from './configuration-schema.ts';
import { isUnambiguousUrl } from './server-url.ts';

const shownLength = 100;

/** The line about a key that the file has and nobody knows. Its value may be a misspelt secret's: it is not shown. */
export function unknownKeyFault(key: string): string {
  const name = JSON.stringify(key.slice(0, shownLength));
  const near = nearest(key.toUpperCase(), configurationKeys);
  const hint = near === null ? `allowed are ${configurationKeys.join(', ')}` : `did you mean ${near}?`;
  return `${name}: there is no such key; ${hint}`;
}

/** The line about a value that the key doesn't take. */
export function valueFault(key: ConfigurationKey, value: unknown): string {
  const rule = rules[key];
  const shown = showValue(key, value);
  return `${key}: ${shown} is not possible; allowed is ${rule.allowed}${zoneHint(key, value)}`;
}

function zoneHint(key: ConfigurationKey, value: unknown): string {
  if (key !== 'TIME_ZONE' || typeof value !== 'string' || isTimeZone(value)) return '';
  const near = nearest(value, ['UTC', ...Intl.supportedValuesOf('timeZone')]);
  return near === null ? '' : `; did you mean ${near}?`;
}

function showValue(key: ConfigurationKey, value: unknown): string {
  const { secret } = rules[key];
  if (secret === 'all') return `the ${typeof value === 'string' ? 'text' : kindOf(value)} given (a secret, not shown)`;
  if (secret === 'url') return showUrls(value);
  return shorten(value);
}

function shorten(value: unknown): string {
  const written = JSON.stringify(value) ?? String(value);
  return written.length > shownLength ? `${written.slice(0, shownLength)}…` : written;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'map';
  return typeof value;
}

/** Shows URLs only when they parse: in one that doesn't, nobody can tell where the password begins and ends. */
function showUrls(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(showUrls).join(', ')}]`;
  if (typeof value !== 'string') return `the ${kindOf(value)} given`;
  if (!/[@:?]/.test(value)) return shorten(value);
  const url = URL.parse(value);
  if (url === null || (url.host === '' && value.includes('@')) || !isUnambiguousUrl(value))
    return 'the URL given (not shown, it may hold a password)';
  if (url.password !== '') url.password = '***';
  if (url.search !== '') url.search = '?***';
  return shorten(url.href);
}

/** The candidate that is a few slips away from `word`, if there is one. */
function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.min(4, Math.ceil(word.length / 2));
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, given up (as `bound`) where the lengths alone exceed it. */
function editDistance(left: string, right: string, bound: number): number {
  if (Math.abs(left.length - right.length) >= bound) return bound;
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (const [row, letter] of left.split('').entries()) {
    const current = [row + 1];
    for (const [column, other] of right.split('').entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1);
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? bound;
}
