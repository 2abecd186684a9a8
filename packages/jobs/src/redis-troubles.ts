import { ApplicationError } from '@dossier/runtime/errors.ts';

interface Trouble {
  /** What the server's refusal looks like, also when a script met it: Redis 6.2 wraps it, 7 doesn't. */
  readonly pattern: RegExp;
  readonly sentence: string;
  readonly remedy: string;
}

const right = 'Give it what docs/operations.md names: ACL SETUSER NAME resetkeys ~dossier-* +@all -@admin -@dangerous +info';

const troubles: readonly Trouble[] = [
  {
    pattern: /\bOOM\b/,
    sentence: 'Redis has used up its maxmemory and takes no more jobs.',
    remedy: 'Raise maxmemory of the server behind REDIS_URL, or remove what else it holds.',
  },
  {
    pattern: /\bREADONLY\b/,
    sentence: 'The Redis behind REDIS_URL is a read-only replica and takes no jobs.',
    remedy: 'Let REDIS_URL lead to the primary. After a failover connections are made anew by themselves.',
  },
  {
    pattern: /\bMASTERDOWN\b/,
    sentence: 'The Redis behind REDIS_URL is a replica that has lost its primary.',
    remedy: 'Let REDIS_URL lead to the primary, or promote this one (REPLICAOF NO ONE).',
  },
  {
    pattern: /\bNOREPLICAS\b/,
    sentence: 'Redis takes no jobs, since fewer replicas follow it than min-replicas-to-write asks for.',
    remedy: 'Bring its replicas back, or set min-replicas-to-write to 0. If it was replaced, let REDIS_URL lead to the new primary.',
  },
  {
    pattern: /\bMISCONF\b/,
    sentence: 'Redis can not write to its disk and takes no jobs.',
    remedy: 'Free disk space on the server behind REDIS_URL; its log names the fault.',
  },
  {
    pattern: /\bLOADING\b/,
    sentence: 'Redis is still loading what it has on its disk.',
    remedy: 'Wait; the work starts by itself.',
  },
  {
    pattern: /\b(CLUSTERDOWN|MOVED|CROSSSLOT)\b/,
    sentence: 'The Redis behind REDIS_URL is a node of a cluster.',
    remedy: 'Use a Redis that is no cluster, with a replica if need be, or leave REDIS_URL unset to keep the queue in PostgreSQL.',
  },
  {
    pattern: /\b(NOAUTH|WRONGPASS)\b/,
    sentence: 'Redis refuses the user or the password of REDIS_URL.',
    remedy: 'Put the user name and the password into REDIS_URL: redis://user:password@host:port',
  },
];

const lacksRight = /\bNOPERM\b|The user executing the script can't/;

/** What a refusal by Redis means, or null for anything else. Safe to show: no keys, no values, no addresses. */
export function redisTrouble(error: unknown): ApplicationError | null {
  if (!(error instanceof Error)) return null;
  if (lacksRight.test(error.message)) return lackingRight(error);
  const trouble = troubles.find(({ pattern }) => pattern.test(error.message));
  return trouble ? new ApplicationError('UNAVAILABLE', trouble.sentence, { remedy: trouble.remedy, cause: error }) : null;
}

function lackingRight(cause: Error): ApplicationError {
  const command = /'([a-z|]+)' command/.exec(cause.message)?.[1];
  const what = command === undefined ? 'a command or a key' : `the command ${command}`;
  return new ApplicationError('UNAVAILABLE', `Redis does not allow the user of REDIS_URL ${what} that the queue needs.`, {
    remedy: right,
    cause,
  });
}

/** Nobody is let in, whatever is asked. */
export function isRefusal(error: Error): boolean {
  return /^(NOAUTH|WRONGPASS|NOPERM)\b/.test(error.message);
}

/** True where another connection to the same address may lead to a server that takes what this one refuses: after a failover it does. */
export function needsNewConnection(error: Error): boolean {
  return /\b(READONLY|MASTERDOWN|NOREPLICAS|UNBLOCKED)\b/.test(error.message);
}
