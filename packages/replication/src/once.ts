import { answerRefused } from './sync-failure.ts';
import type { SyncFailure } from './sync-failure.ts';

/** Refuses an answer that holds a dossier more than once, in whatever letters. Throws SyncFailure. */
export function requireOnce(dossiers: readonly string[]): void {
  const seen = new Set<string>();
  for (const spelling of dossiers) {
    const dossier = spelling.toLowerCase();
    if (seen.has(dossier)) throw dossierRepeated(dossier);
    seen.add(dossier);
  }
}

/** What such an answer is refused with. */
export function dossierRepeated(dossier: string): SyncFailure {
  return answerRefused('DOSSIER_REPEATED', `it holds the dossier ${dossier} twice`);
}
