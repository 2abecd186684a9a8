import { answerRefused } from './sync-failure.ts';

/** Refuses an answer that holds a dossier more than once, in whatever letters. Throws SyncFailure. */
export function requireOnce(dossiers: readonly string[]): void {
  const seen = new Set<string>();
  for (const spelling of dossiers) {
    const dossier = spelling.toLowerCase();
    if (seen.has(dossier)) throw answerRefused('DOSSIER_REPEATED', `it holds the dossier ${dossier} twice`);
    seen.add(dossier);
  }
}
