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
  'dossier-made',
  'dossier-changed',
  'dossier-deleted',
  'dossier-deleted-offline',
  'photo-added',
  'photo-deleted',
  'photo-damaged',
  'dossiers-imported',
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
  'token-made',
  'token-revoked',
  'webhook-made',
  'webhook-changed',
  'webhook-deleted',
  'webhook-tested',
  'site-added',
  'site-asked',
  'site-joined',
  'site-accepted',
  'site-changed',
  'site-revoked',
  'site-deleted',
  'site-alert',
  'list-withdrawn',
  'master-joined',
  'master-accepted',
  'master-forgotten',
  'node-rekeyed',
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
  'site',
  'node',
  'session',
] as const;
export type AuditObject = (typeof auditObjects)[number];
