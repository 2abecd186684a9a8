const parts = 7;
const dayMs = 24 * 60 * 60 * 1000;
/** Above every address. */
const end = 'ff'.repeat(33);

/** The addresses, from one to below another, that are looked at on a day: a seventh of all, and all of them in any seven days one after the other. */
export function rangeOfDay(now: Date): { from: string; below: string } {
  const part = Math.floor(now.getTime() / dayMs) % parts;
  return { from: prefix(part), below: part + 1 === parts ? end : prefix(part + 1) };
}

function prefix(part: number): string {
  return Math.floor((part * 0x10000) / parts)
    .toString(16)
    .padStart(4, '0');
}
