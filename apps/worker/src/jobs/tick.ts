import type { WorkerDependencies } from '../dependencies.ts';
import { fanOut } from '../schedule.ts';

/** The nightly hand of the clock: one sync job per watch list that is due. */
export function createTickHandler(deps: WorkerDependencies) {
  return async (): Promise<void> => fanOut(deps, deps.now());
}
