/** States of a link, as a person sees them. `synced` means verified: the replica's digest equals the master's. */
export const linkStates = ['pending', 'syncing', 'synced', 'failed', 'held', 'unlinking'] as const;
export type LinkState = (typeof linkStates)[number];
