/** What is kept about who did what; the words are stable, as people filter by them. */
export const auditActions = [
  'signed-in',
  'sign-in-failed',
  'signed-out',
  'list-made',
  'list-changed',
  'list-deleted',
  'list-purged',
  'list-exported',
  'search-exported',
  'audit-exported',
  'refused-exported',
  'dossier-made',
  'dossier-changed',
  'dossier-deleted',
  'dossier-deleted-offline',
  'dossiers-changed',
  'dossiers-deleted',
  'dossiers-merged',
  'photo-added',
  'photo-deleted',
  'photo-damaged',
  'dossiers-imported',
  'import-taken-back',
  'dossier-restored',
  'dossiers-restored',
  'bin-erased',
  'history-erased',
  'master-tested',
  'linked',
  'link-corrected',
  'unlinked',
  'sync-requested',
  'guards-proposed',
  'guards-changed',
  'held-approved-first',
  'held-approved',
  'held-rejected',
  'lost-exported',
  'undone',
  'repaired',
  'dead-letter-retried',
  'dead-letter-discarded',
  'user-made',
  'user-changed',
  'user-deleted',
  'password-set',
  'second-factor-set-up',
  'second-factor-removed',
  'second-factor-reset',
  'passkey-added',
  'passkey-renamed',
  'passkey-removed',
  'recovery-codes-made',
  'token-made',
  'token-revoked',
  'webhook-made',
  'webhook-changed',
  'webhook-deleted',
  'webhook-tested',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** By which answer somebody got to see dossiers of a list that logs its readers. */
export const readKinds = ['page', 'dossier', 'photo', 'export', 'changes'] as const;
export type ReadKind = (typeof readKinds)[number];

/** By which way it was done: the web interface, a program or person with a token, the command line, or the node by itself. */
export const auditWays = ['web', 'api', 'cli', 'node'] as const;
export type AuditWay = (typeof auditWays)[number];

/** What kinds of things it can be done to. */
export const auditObjects = [
  'dossier',
  'photo',
  'watch-list',
  'link',
  'run',
  'dead-letter',
  'user',
  'token',
  'webhook',
  'master',
  'session',
  'bin',
  'audit',
] as const;
export type AuditObject = (typeof auditObjects)[number];
