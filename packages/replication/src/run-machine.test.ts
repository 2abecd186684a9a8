import { describe, expect, it } from 'vitest';
import { transitions } from './run-machine.ts';
import type { Step, StepEvent, StepResult } from './run-machine.ts';

/** One row for each cell of the table: after this step, this event leads there. */
const cells: readonly [Step, StepEvent, StepResult][] = [
  ['delta', 'applied', 'synced'],
  ['delta', 'held', 'held'],
  ['delta', 'differs', 'reconcile'],
  ['delta', 'history-gone', 'reconcile'],
  ['delta', 'too-different', 'full'],
  ['reconcile', 'applied', 'synced'],
  ['reconcile', 'held', 'held'],
  ['reconcile', 'differs', 'full'],
  ['reconcile', 'history-gone', 'reconcile'],
  ['reconcile', 'too-different', 'full'],
  ['full', 'applied', 'synced'],
  ['full', 'held', 'held'],
  ['full', 'differs', 'failed'],
  ['full', 'history-gone', 'full'],
  ['full', 'too-different', 'failed'],
];

describe('the steps of a run', () => {
  it.each(cells)('after %s, %s leads to %s', (step, event, result) => {
    expect(transitions[step][event]).toBe(result);
  });

  it('have a cell for each step and event', () => {
    const all = Object.entries(transitions).flatMap(([step, events]) => Object.keys(events).map((event) => `${step} ${event}`));
    expect(all.toSorted()).toEqual(cells.map(([step, event]) => `${step} ${event}`).toSorted());
  });

  it('come to an end: no step that differs is followed by one that is less thorough', () => {
    const order: readonly StepResult[] = ['delta', 'reconcile', 'full', 'failed'];
    for (const [step, events] of Object.entries(transitions)) {
      expect(order.indexOf(events.differs)).toBeGreaterThan(order.indexOf(step as Step));
      expect(order.indexOf(events['too-different'])).toBeGreaterThan(order.indexOf(step as Step));
    }
  });
});
