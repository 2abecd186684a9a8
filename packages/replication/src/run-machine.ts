import type { RunMethod } from '@dossier/domain/run.ts';

/** How a run brings its list to the head: one state of the machine each. */
export type Step = Exclude<RunMethod, 'verify'>;

/**
 * What became of a step:
 *
 * - `applied`: the list equals the master's.
 * - `held`: a guard waits for a person.
 * - `differs`: what was fetched doesn't lead to the master's digest; nothing was changed.
 * - `history-gone`: the master's history is another one than when the step began, or forgot what the step needs.
 * - `too-different`: so much differs that everything is to be fetched.
 */
export type StepEvent = 'applied' | 'held' | 'differs' | 'history-gone' | 'too-different';

/** What follows: another step, or the end of the run. */
export type StepResult = Step | 'synced' | 'held' | 'failed';

/**
 * The cheapest step that may do comes first; each one that doesn't is followed by a more thorough one. After the last nothing is left: the run has failed,
 * and the list keeps what it had.
 */
export const transitions: Readonly<Record<Step, Readonly<Record<StepEvent, StepResult>>>> = {
  delta: { applied: 'synced', held: 'held', differs: 'reconcile', 'history-gone': 'reconcile', 'too-different': 'full' },
  reconcile: { applied: 'synced', held: 'held', differs: 'full', 'history-gone': 'reconcile', 'too-different': 'full' },
  full: { applied: 'synced', held: 'held', differs: 'failed', 'history-gone': 'full', 'too-different': 'failed' },
};
