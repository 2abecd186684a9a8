import { userInfo } from 'node:os';
import type { Actor } from '@dossier/accounts/audit.ts';

/** Who works on this host's database directly: the account on the host, as there is no other name. */
export function hostActor(): Actor {
  return { actor: accountName(), via: 'cli', address: null };
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`; // a container may run under a number that has no name
  }
}
