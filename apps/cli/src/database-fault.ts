import { ExitError } from '@dossier/runtime/errors.ts';
import { sqlState } from '@dossier/postgres/database.ts';

const oldestServer = 140_000;

/** What keeps a PostgreSQL from being used, in words that name host, port and database and never the password. */
export function databaseFault(error: unknown, url: string): ExitError {
  const { sentence, remedy } = explain(error, placeOf(url));
  return new ExitError(1, sentence, { remedy, cause: error });
}

interface Place {
  host: string;
  port: string;
  database: string;
  user: string;
}

/** Where a PostgreSQL URL leads. */
function placeOf(text: string): Place {
  const url = URL.parse(text);
  const user = decodeURIComponent(url?.username ?? '');
  return {
    host: url?.searchParams.get('host') ?? (url?.hostname || 'localhost'),
    port: url?.port || '5432',
    user: user || 'the system user',
    database: decodeURIComponent(url?.pathname.slice(1) ?? '') || user || 'of the same name as the user',
  };
}

function explain(error: unknown, { host, port, database, user }: Place): { sentence: string; remedy: string } {
  const target = `The database ${database} on ${host}, port ${port},`;
  const said = withoutPasswords(error instanceof Error ? error.message : String(error));
  const noneLeft = {
    sentence: `${target} has no connection left.`,
    remedy: 'Raise max_connections of the server, or the pool_size of a pooler before it, or end other programs.',
  };
  const code = codeOf(error);
  // A pooler has one code for all that it refuses.
  if (code === '08P01' && said.includes('startup parameter')) {
    return {
      sentence: `${target} refuses how the connection begins: ${said}`,
      remedy:
        'A pooler such as PgBouncer takes no "options": leave them out of DATABASE_URL and PGOPTIONS, and set them for the role (ALTER ROLE … SET …).',
    };
  }
  if (/no more connections|query_wait_timeout|Timeout acquiring a connection/.test(said)) return noneLeft;
  switch (code) {
    case 'ECONNREFUSED':
      return { sentence: `${target} can't be reached: nothing answers there.`, remedy: 'Start PostgreSQL there, or correct DATABASE_URL.' };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        sentence: `${target} can't be reached: the host's name is unknown.`,
        remedy: 'Correct the host in DATABASE_URL, or the name service.',
      };
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return {
        sentence: `${target} can't be reached: no answer in time.`,
        remedy: 'Look for a firewall between the hosts, or correct DATABASE_URL.',
      };
    case '28P01':
    case '28000':
      return {
        sentence: `${target} refuses the user ${user}.`,
        remedy: 'Correct user and password in DATABASE_URL, or pg_hba.conf on the server.',
      };
    case '3D000':
      return {
        sentence: `There is no database ${database} on ${host}, port ${port}.`,
        remedy: `Make it (createdb -E UTF8 ${database}), or correct DATABASE_URL.`,
      };
    case '53300':
      return noneLeft;
    case '57P03':
      return { sentence: `${target} is starting or stopping.`, remedy: 'Try again in a moment.' };
    case '53100':
      return {
        sentence: `${target} has no disk space left. What was committed is safe.`,
        remedy: 'Free disk space on the database server, then run this again.',
      };
    case '42501':
      return {
        sentence: `${target} doesn't allow the user ${user} to do this.`,
        remedy: `Make ${user} the owner of the database ${database}.`,
      };
    default:
      return { sentence: `${target} can't be used: ${said}`, remedy: 'Correct DATABASE_URL, or mend the server.' };
  }
}

/** Refuses a server that is older than what is supported, or a database that can't hold every text. */
export function checkServer({ version, encoding }: { version: number; encoding: string }, url: string): void {
  const { host, port, database } = placeOf(url);
  if (version < oldestServer) {
    throw new ExitError(1, `PostgreSQL ${Math.floor(version / 10_000)} on ${host}, port ${port}, is too old.`, {
      remedy: 'PostgreSQL 14 or newer is needed.',
    });
  }
  if (encoding !== 'UTF8') {
    throw new ExitError(1, `The database ${database} on ${host}, port ${port}, has the encoding ${encoding}.`, {
      remedy: `Names in all scripts need UTF8: createdb -E UTF8 -T template0 ${database}`,
    });
  }
}

/** True for errors that say that the server is not there or not usable, whatever the statement was. */
export function isDatabaseFault(error: unknown): boolean {
  const code = codeOf(error) ?? '';
  return /^(E[A-Z]{4,}|EAI_AGAIN|08...|28...|3D000|53...|57P..|42501)$/.test(code) || /Connection terminated|timeout/.test(String(error));
}

function codeOf(error: unknown): string | null {
  const state = sqlState(error);
  if (state !== null) return state;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function withoutPasswords(text: string): string {
  return text.replace(/:\/\/[^\s@]*@/g, '://***@');
}
