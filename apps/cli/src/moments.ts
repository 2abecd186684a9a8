const units = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
] as const;

/** How long a moment is past, roughly: `3 min ago`. */
export function ago(iso: string | null, now = Date.now()): string | null {
  if (iso === null) return null;
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  for (const [unit, length] of units) if (seconds >= length) return `${Math.floor(seconds / length)} ${unit} ago`;
  return `${seconds} s ago`;
}

/** A moment in this machine's zone, to the minute. */
export function localTime(iso: string | null): string | null {
  if (iso === null) return null;
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'short' }).format(new Date(iso));
}
