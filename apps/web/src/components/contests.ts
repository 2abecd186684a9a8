import { Problem } from '../api/problem.ts';
import type { Tagged } from '../api/tagged.ts';
import { differencesOf } from './differences.ts';

export type Side = 'yours' | 'theirs';

/** A field of which two versions differ. */
export interface Contest {
  readonly field: string;
  /** One of the custom fields. */
  readonly custom: boolean;
  readonly yours: unknown;
  readonly theirs: unknown;
  /** Which one stays; null where both changed it and nobody has said. */
  readonly chosen: Side | null;
}

/** That somebody else changed what a person is changing. */
export interface Conflict<Thing> {
  readonly theirs: Tagged<Thing>;
  /** Who changed it last, and when (ISO 8601), where that is known. */
  readonly deed: { readonly who: string | null; readonly date: string } | null;
  readonly contests: readonly Contest[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** Where two versions that go back to `base` differ. What only one of them changed is chosen already. */
export function contestsOf(base: Fields, yours: Fields, theirs: Fields): Contest[] {
  const changedByThem = differencesOf(base, theirs);
  const changedByYou = differencesOf(base, yours);
  return differencesOf(theirs, yours).map(({ field, custom, was, becomes }) => {
    const isIn = (differences: typeof changedByYou): boolean =>
      differences.some((other) => other.field === field && other.custom === custom);
    const chosen = !isIn(changedByThem) ? 'yours' : !isIn(changedByYou) ? 'theirs' : null;
    return { field, custom, yours: becomes, theirs: was, chosen };
  });
}

/** The version that was chosen field by field. */
export function mergedOf(theirs: Fields, contests: readonly Contest[]): Fields {
  const merged: Record<string, unknown> = { ...theirs };
  const meta: Record<string, unknown> = { ...(theirs['meta'] as object | undefined) };
  for (const { field, custom, yours, chosen } of contests) {
    if (chosen !== 'yours') continue;
    if (!custom) merged[field] = yours;
    else if (yours === undefined) Reflect.deleteProperty(meta, field);
    else meta[field] = yours;
  }
  return 'meta' in theirs ? { ...merged, meta } : merged;
}

/** With the choice of one field made. */
export function choose(contests: readonly Contest[], contest: Contest, chosen: Side): Contest[] {
  return contests.map((other) => (other === contest ? { ...other, chosen } : other));
}

/** Whether a change was refused because somebody else was faster. */
export function isOvertaken(error: unknown): boolean {
  return error instanceof Problem && error.status === 412;
}
