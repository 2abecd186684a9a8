import type { Run } from '@dossier/protocol/sync.ts';

/** Milliseconds that a run took, or null while it is on. */
export function durationOf(run: Run): number | null {
  if (run.started_date === null || run.finished_date === null) return null;
  return Math.max(0, Date.parse(run.finished_date) - Date.parse(run.started_date));
}
