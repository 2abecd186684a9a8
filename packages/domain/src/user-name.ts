import { textFault } from './dossier.ts';
import { canBeSeen } from './shown-text.ts';

/** Line breaks of every kind, and what else a terminal or a log would obey. */
const controls = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Why nobody can be given this name, or null. Users who have such a name from before keep it. */
export function userNameFault(name: string): string | null {
  const length = Array.from(name).length;
  if (length < 1 || length > 256) return 'must have 1 to 256 characters';
  // HTTP Basic ends the name at the first colon.
  if (name.includes(':')) return 'must not hold a colon';
  if (!canBeSeen(name)) return 'must hold something that can be seen';
  return textFault(name) ?? (controls.test(name) ? 'must not hold line breaks or other control characters' : null);
}
