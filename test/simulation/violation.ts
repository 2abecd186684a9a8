/** An invariant that doesn't hold; the numbers are those of docs/testing.md. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: number;

  constructor(invariant: number, what: string) {
    super(`invariant ${invariant}: ${what}`);
    this.invariant = invariant;
  }
}

export function require(invariant: number, holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Violation(invariant, typeof what === 'string' ? what : what());
}

/** An error with all that led to it. */
export function causes(error: unknown): string {
  const texts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) texts.push(at.stack ?? at.message);
  return texts.join(' ← ');
}
