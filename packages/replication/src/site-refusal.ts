import type { SiteRefusal } from '@dossier/protocol/voucher.ts';

/**
 * Why a master and this node don't speak, though both sign rightly. Nothing was changed.
 *
 * - `SITE_PENDING`: the master waits until a person there accepts this node. It is asked again every ten minutes.
 * - `SITE_REVOKED`: the master has revoked this node's key.
 * - `SITE_CLONED`: the master knows this node's key as another node's: one of the two has a copy of it.
 * - `SITE_KEY_REQUIRED`: the master speaks with keys only, and this request was signed by the token alone.
 * - `SITE_UNKNOWN`: the master doesn't know this node's key, and nothing vouches for it.
 * - `LIST_WITHDRAWN`: the master has taken the list from this node. Its copy isn't shown any more.
 * - `INVITATION_USED`: another node has used the code.
 * - `INVITATION_EXPIRED`: the code is older than 30 minutes.
 * - `INVITATION_UNKNOWN`: the master knows no such code.
 * - `MASTER_KEY_DIFFERS`: another key than the master's signs under its address.
 * - `MASTER_KEYLESS`: what answers there signs by the token alone, and this node knows the master by its key.
 */
export type SiteErrorCode =
  | 'SITE_PENDING'
  | 'SITE_REVOKED'
  | 'SITE_CLONED'
  | 'SITE_KEY_REQUIRED'
  | 'SITE_UNKNOWN'
  | 'LIST_WITHDRAWN'
  | 'INVITATION_USED'
  | 'INVITATION_EXPIRED'
  | 'INVITATION_UNKNOWN'
  | 'MASTER_KEY_DIFFERS'
  | 'MASTER_KEYLESS';

const another = 'Ask for a new one: "dossier site add NAME" on the master prints it.';

/** What happened at `master`, and what to do. */
export const siteErrors: Readonly<Record<SiteErrorCode, { what: (master: string) => string; remedy: string }>> = {
  SITE_PENDING: {
    what: (master) => `The master ${master} waits until somebody there accepts this node.`,
    remedy:
      'Let an administrator of the master accept it ("dossier site accept NAME"), after comparing the four words that "dossier status" shows here. It is tried again every ten minutes, or at once if you ask for it.',
  },
  SITE_REVOKED: {
    what: (master) => `The master ${master} has revoked this node.`,
    remedy:
      'Ask the administrators of the master why. If the node is to go on: "dossier node rekey --new" here, then join it by a new invitation.',
  },
  SITE_CLONED: {
    what: (master) => `The master ${master} knows this node's key as the one of another node.`,
    remedy:
      'One of the two has a copy of the other\'s key file. "dossier node rekey --new" makes a key of its own here; then join it by a new invitation.',
  },
  SITE_KEY_REQUIRED: {
    what: (master) =>
      `The master ${master} speaks only with nodes that have a key of their own, and this request was signed by SYNC_TOKEN alone.`,
    remedy: 'Bring this node up to date, or join it by an invitation ("dossier join").',
  },
  SITE_UNKNOWN: {
    what: (master) => `The master ${master} does not know this node's key (any more), or takes no keys.`,
    remedy:
      'Join this node anew by an invitation ("dossier join"), or set the same SYNC_TOKEN on both. On the master, SITE_KEYS must not be off; a master that was restored from a backup may not know the site yet.',
  },
  LIST_WITHDRAWN: {
    what: (master) => `The master ${master} has withdrawn this list from this node. Its copy is not shown any more.`,
    remedy:
      'If the site is to have the list, let an administrator of the master grant it ("dossier site grant"), then sync. Otherwise cancel the link.',
  },
  INVITATION_USED: {
    what: (master) => `Another node has used this code at the master ${master}.`,
    remedy: `${another} If nobody of yours used the first one, revoke the site that did.`,
  },
  INVITATION_EXPIRED: { what: (master) => `The code for the master ${master} is older than 30 minutes.`, remedy: another },
  INVITATION_UNKNOWN: {
    what: (master) => `The master ${master} knows no such code, or it was taken back.`,
    remedy: `Check the code and the address of the master. ${another}`,
  },
  MASTER_KEY_DIFFERS: {
    what: (master) => `What answers at ${master} signs with another key than the master that this node knows. Its answer was thrown away.`,
    remedy:
      'If the master lost its key or was set up anew: compare the four words of its new key on the telephone ("dossier masters" here, "dossier status" there), then "dossier masters accept ID". Otherwise somebody poses as the master: find out who answers under this address.',
  },
  MASTER_KEYLESS: {
    what: (master) =>
      `What answers at ${master} signs by SYNC_TOKEN alone, and this node knows the master by its key. Its answer was thrown away, since whoever holds the token could give it.`,
    remedy:
      'On the master, set SITE_KEYS to prefer, or give it its key back (its log says NODE_KEY_MISSING then), and restart it. If it is to go on without keys: "dossier masters forget ID" here ("dossier masters" shows the ID), then sync.',
  },
};

/** Whether this is a refusal that a master may sign. */
export function isSiteRefusal(text: string): text is SiteRefusal {
  return Object.hasOwn(siteErrors, text) && !['SITE_UNKNOWN', 'INVITATION_UNKNOWN', 'MASTER_KEY_DIFFERS', 'MASTER_KEYLESS'].includes(text);
}
