/** States of a sync run, in the order of its way; from `synced` on they are final, except that `failed` is tried again while attempts are left. */
export const runStates = [
  'queued',
  'greeting',
  'fetching',
  'photos',
  'applying',
  'synced',
  'unchanged',
  'held',
  'undone',
  'failed',
  'dead',
  'cancelled',
] as const;
export type RunState = (typeof runStates)[number];

/**
 * `auto`: what is cheapest; `full`: everything anew; `verify`: look at every row and change nothing; `repair`: look at every row and mend what
 * differs.
 */
export const runModes = ['auto', 'full', 'verify', 'repair'] as const;
export type RunMode = (typeof runModes)[number];

/** How the engine went about a run; chosen by it, not configured. */
export const runMethods = ['delta', 'reconcile', 'full', 'verify'] as const;
export type RunMethod = (typeof runMethods)[number];

export const runReasons = ['link', 'schedule', 'person', 'repair', 'approval', 'undo'] as const;
export type RunReason = (typeof runReasons)[number];
