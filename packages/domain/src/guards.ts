/** Bounds beyond which a sync waits for a person; null switches a guard off. */
export interface Guards {
  /** A list that would lose all its dossiers. */
  emptied: boolean;
  /** More removed dossiers than the larger of a count and a percentage of the list, of which at most `largeList` dossiers count. */
  deletions: { count: number; percent: number } | null;
  /** More dossiers with a changed content than the larger of a count and a percentage of the list. */
  changes: { count: number; percent: number } | null;
  /** A larger part of the list's dossiers than this made inactive. */
  deactivations: { percent: number } | null;
  /** A list that would hold more than so many times the dossiers that it holds. */
  growth: { factor: number } | null;
  /** As `deletions`, over a week, and never less than it: of dossiers that were removed or made inactive without a person's word, where that is guarded. */
  weekly: { count: number; percent: number } | null;
}

/** A percentage of more dossiers than this is no small part any more, whatever the list's size. */
export const largeList = 10_000;

export const defaultGuards: Guards = {
  emptied: true,
  deletions: { count: 50, percent: 10 },
  changes: { count: 200, percent: 50 },
  deactivations: { percent: 20 },
  growth: { factor: 3 },
  weekly: { count: 50, percent: 20 },
};

/** What makes a sync wait: a guard, a fork of the master's history, or that a person took the same sync back. */
export const holdReasons = ['emptied', 'deletions', 'changes', 'deactivations', 'growth', 'weekly', 'fork', 'undone'] as const;
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

/** What a list has gone through in the last seven days, since a person last approved a sync of it at the earliest. */
export interface Week {
  /** Dossiers that it held at the beginning. */
  held: number;
  /** Dossiers that syncs have removed or made inactive since. */
  gone: number;
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
export function trippedGuards(guards: Guards, difference: DifferenceCounts, week: Week): TrippedGuard[] {
  const { held, adding, changing, removing, deactivating } = difference;
  if (held === 0) return [];
  const after = held + adding - removing;
  const tripped: TrippedGuard[] = [];
  const trip = (guard: HoldReason, count: number, limit: number, sentence: string): void => {
    if (count > limit) tripped.push({ guard, sentence, count, limit });
  };
  if (guards.emptied && after === 0) trip('emptied', held, 0, `The list would be empty: all ${held} dossiers would go.`);
  if (guards.deletions) {
    trip('deletions', removing, limitOfRemovals(guards.deletions, held), `${removing} of ${held} dossiers would go.`);
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
  const going = goingOf(guards, difference);
  // Whoever is asked about this sync isn't asked about the week besides.
  if (guards.weekly && going > 0 && !tripped.some(({ guard }) => takingGuards.has(guard))) {
    const gone = week.gone + going;
    const limit = Math.max(limitOfRemovals(guards.weekly, week.held), guards.deletions ? limitOfRemovals(guards.deletions, week.held) : 0);
    trip('weekly', gone, limit, `${gone} of the ${week.held} dossiers of a week ago would have gone or been made inactive.`);
  }
  return tripped;
}

const takingGuards: ReadonlySet<HoldReason> = new Set(['emptied', 'deletions', 'deactivations']);

/** How many dossiers a sync takes out of use in ways that are guarded: who switches a guard off doesn't want to be asked by another one. */
export function goingOf(guards: Guards, { removing, deactivating }: Pick<DifferenceCounts, 'removing' | 'deactivating'>): number {
  return (guards.deletions ? removing : 0) + (guards.deactivations ? deactivating : 0);
}

function limitOfRemovals(bounds: { count: number; percent: number }, held: number): number {
  return limitOf(bounds, Math.min(held, largeList));
}

function limitOf({ count, percent }: { count: number; percent: number }, held: number): number {
  return Math.max(count, Math.floor((held * percent) / 100));
}

/** Whether guards let something pass without a person that they held before. */
export function loosens(before: Guards, after: Guards): boolean {
  if (before.emptied && !after.emptied) return true;
  return boundGuards.some((name) => {
    const bounds: Readonly<Record<string, number>> | null = before[name];
    const others: Readonly<Record<string, number>> | null = after[name];
    if (bounds === null) return false;
    return others === null || Object.entries(bounds).some(([key, bound]) => (others[key] ?? bound) > bound);
  });
}

const boundGuards = ['deletions', 'changes', 'deactivations', 'growth', 'weekly'] as const;
