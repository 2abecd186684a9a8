/** Why a dossier of a master can't be held as it is. */
export const refusalCodes = ['HASH_DIFFERS', 'DOSSIER_MALFORMED'] as const;
export type RefusalCode = (typeof refusalCodes)[number];

const most = 10;

/**
 * How many dossiers of a list of this size may be set aside without stopping it: ten, and one in a hundred, but always one. A list of which more
 * can't be held isn't the master's list any more.
 */
export function setAsideBound(dossiers: number): number {
  return Math.min(most, Math.max(1, Math.floor(dossiers / 100)));
}
