import { ExitError } from '@dossier/runtime/errors.ts';

import { brokenBinaries } from './binaries.ts';

const freeSpace = 'Free some space and start again; nothing is lost.';
const permissions = 'Give the user that runs the database access to the folder, or choose another DATA_DIR.';

interface KnownTrouble {
  readonly pattern: RegExp;
  readonly sentence: string;
  readonly remedy: string;
}

const knownTroubles: readonly KnownTrouble[] = [
  {
    pattern: /spawn .*(ENOENT|ENOEXEC)|ENOEXEC/,
    sentence: 'Its programs cannot be run on this system; they are made for glibc.',
    remedy: 'Use a Linux with glibc (Debian, Ubuntu, Fedora…; Alpine has none), or set DATABASE_URL.',
  },
  {
    pattern: /No space left on device|Disk quota exceeded|disk is full|ENOSPC|EDQUOT/,
    sentence: 'The disk is full.',
    remedy: freeSpace,
  },
  {
    pattern: /Read-only file system|EROFS/,
    sentence: 'The file system is read-only.',
    remedy: 'Choose a DATA_DIR that can be written.',
  },
  {
    pattern: /has group or world access|invalid permissions/i,
    sentence: "The permissions of the database's folder were changed.",
    remedy: 'Set them back: chmod 0700 on the folder "postgres" in DATA_DIR.',
  },
  {
    pattern: /Permission denied|Operation not permitted|EACCES|EPERM|readonly database|unable to open database file/,
    sentence: 'Access was denied.',
    remedy: permissions,
  },
  {
    pattern: /could not look up effective user ID/,
    sentence: 'This process runs under a user id without an entry in /etc/passwd, which PostgreSQL demands.',
    remedy: 'Start as a user that has a name, or set DATABASE_URL.',
  },
  {
    pattern: /Cannot allocate memory|could not (create|map|resize).*shared memory/,
    sentence: 'There is not enough memory.',
    remedy: 'Free some memory (the database takes about 300 MB), or set DATABASE_URL to a server elsewhere.',
  },
  {
    pattern: /pre-existing shared memory block|lock file "postmaster\.pid" already exists/,
    sentence: 'Another PostgreSQL still works on the same files.',
    remedy: 'Wait until it has ended, or end it, and start again.',
  },
];

/** What was being done, for the beginning of the sentence, and where to read more. */
export interface TroubleContext {
  readonly doing: string;
  readonly folder: string;
}

/** Turns PostgreSQL's words, or a failed file operation, into a sentence and a remedy for the operator. */
export function explainTrouble(problem: string | Error, { doing, folder }: TroubleContext): ExitError {
  if (problem instanceof ExitError) return problem;
  const words = typeof problem === 'string' ? problem : problem.message;
  const cause = typeof problem === 'string' ? new Error(lastWords(words)) : problem;
  if (/error while loading shared libraries|Library not loaded/.test(words)) return brokenBinaries(cause);
  const known = knownTroubles.find(({ pattern }) => pattern.test(words));
  const beginning = `The embedded database in ${folder} could not be ${doing}.`;
  if (known !== undefined) return new ExitError(1, `${beginning} ${known.sentence}`, { remedy: known.remedy, cause });
  return new ExitError(1, `${beginning} ${lastWords(words)}`, { remedy: `${folder} and postgres.log beside it tell more.`, cause });
}

/** PostgreSQL tells the reason in its FATAL or PANIC lines, else in the last line. */
function lastWords(words: string): string {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  const grave = lines.filter((line) => /\b(FATAL|PANIC|error):/.test(line));
  return ((grave.length > 0 ? grave : lines).at(-1) ?? 'It said nothing about the reason.').trim();
}
