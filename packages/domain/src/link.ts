/** States of a link, as a person sees them. `synced` means verified: the replica's digest equals the master's. */
export const linkStates = ['pending', 'syncing', 'synced', 'failed', 'held', 'unlinking'] as const;
export type LinkState = (typeof linkStates)[number];

/**
 * Why a replica can't be called equal to its master's list although its last sync was verified. `changed-here`: something was deleted or changed here since;
 * `set-aside`: dossiers of the master can't be held as they are; `photos-missing`: photos of the master lack; `master-away`: the master could not be
 * reached for another list since.
 */
export const linkDoubts = ['changed-here', 'set-aside', 'photos-missing', 'master-away'] as const;
export type LinkDoubt = (typeof linkDoubts)[number];
