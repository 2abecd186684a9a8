/** Bounds beyond which a sync waits for a person; null switches a guard off. */
export interface Guards {
  /** A list that would lose all its dossiers. */
  emptied: boolean;
  /** More removed dossiers than the larger of a count and a percentage of the list. */
  deletions: { count: number; percent: number } | null;
  /** More dossiers with a changed content than the larger of a count and a percentage of the list. */
  changes: { count: number; percent: number } | null;
  /** A larger part of the list's dossiers than this made inactive. */
  deactivations: { percent: number } | null;
  /** A list that would hold more than so many times the dossiers that it holds. */
  growth: { factor: number } | null;
}

export const defaultGuards: Guards = {
  emptied: true,
  deletions: { count: 50, percent: 10 },
  changes: { count: 200, percent: 50 },
  deactivations: { percent: 20 },
  growth: { factor: 3 },
};

/** What makes a sync wait: a guard, a fork of the master's history, or that a person took the same sync back. */
export const holdReasons = ['emptied', 'deletions', 'changes', 'deactivations', 'growth', 'fork', 'undone'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** What a sync would do to a list. */
export interface DifferenceCounts {
  /** Dossiers that the list holds now. */
  held: number;
  adding: number;
  changing: number;
  removing: number;
  /** Those of `changing` that are active now and would not be. */
  deactivating: number;
}

export interface TrippedGuard {
  guard: HoldReason;
  /** What would happen, for the operator. */
  sentence: string;
  /** How many dossiers it is about. */
  count: number;
  /** How many pass without a question. */
  limit: number;
}

/** One dossier is no mass, however short its list: a single deactivation never waits. */
const fewestDeactivations = 2;

/**
 * The guards that a difference trips, in the order of `holdReasons`; none for a list that holds nothing. Limits are rounded down, and
 * a guard trips above its limit, not at it.
 */
export function trippedGuards(guards: Guards, difference: DifferenceCounts): TrippedGuard[] {
  const { held, adding, changing, removing, deactivating } = difference;
  if (held === 0) return [];
  const after = held + adding - removing;
  const tripped: TrippedGuard[] = [];
  const trip = (guard: HoldReason, count: number, limit: number, sentence: string): void => {
    if (count > limit) tripped.push({ guard, sentence, count, limit });
  };
  if (guards.emptied && after === 0) trip('emptied', held, 0, `The list would be empty: all ${held} dossiers would go.`);
  if (guards.deletions) {
    trip('deletions', removing, limitOf(guards.deletions, held), `${removing} of ${held} dossiers would go.`);
  }
  if (guards.changes) {
    trip('changes', changing, limitOf(guards.changes, held), `${changing} of ${held} dossiers would be changed.`);
  }
  if (guards.deactivations && deactivating >= fewestDeactivations) {
    const limit = limitOf({ count: 0, ...guards.deactivations }, held);
    trip('deactivations', deactivating, limit, `${deactivating} of ${held} dossiers would be made inactive.`);
  }
  if (guards.growth) {
    trip('growth', after, Math.floor(held * guards.growth.factor), `The list would grow from ${held} dossiers to ${after}.`);
  }
  return tripped;
}

function limitOf({ count, percent }: { count: number; percent: number }, held: number): number {
  return Math.max(count, Math.floor((held * percent) / 100));
}
