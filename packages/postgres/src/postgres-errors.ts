import { ApplicationError, unavailable } from '@dossier/runtime/errors.ts';
import { sqlState } from './database.ts';

/** What a broken constraint means to the one who asked. */
const constraints: Record<string, () => ApplicationError> = {
  dossiers_external_id_unique: () =>
    new ApplicationError('CONFLICT', 'Another dossier of the watch list has this external_id already.', { param: 'external_id' }),
  links_slave_list_id_fkey: () => new ApplicationError('CONFLICT', 'The watch list is a replica: cancel its replication first.'),
  users_name_key: () => new ApplicationError('CONFLICT', 'There is a user of this name already.', { param: 'name' }),
};

/** Failures of the way to the server, as Node and the pool name them. */
const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Sentences of pg and knex that come without a code. */
const brokenOff =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Timeout acquiring a connection|Unable to acquire a connection/i;

/**
 * What an error of the database means to the one who asked, or null for anything that is a defect of ours. Safe to show: no SQL,
 * no values.
 */
export function translateDatabaseError(error: unknown): ApplicationError | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (unreachable.has(code) || brokenOff.test(error.message)) return databaseAway(error);
  const state = sqlState(error);
  if (state === null) return null;
  if ('constraint' in error && typeof error.constraint === 'string') {
    const known = constraints[error.constraint]?.();
    if (known) return known;
  }
  // Connection exceptions, shutdown or start of the server, and too many connections.
  if (state.startsWith('08') || state.startsWith('57P') || state === '53300') return databaseAway(error);
  if (state === '53100') return diskFull(error);
  if (state.startsWith('53')) return unavailable('The database has run out of memory. Nothing was changed.', error);
  if (state === '25006') return unavailable('The database is in recovery and takes no changes now. Nothing was changed.', error);
  if (timedOut.has(state)) return brokenOffByServer(error);
  if (state === '55P03' || state === '40001' || state === '40P01') {
    return unavailable('Others are changing the same data now. Nothing was changed; try again.', error);
  }
  return null;
}

/** Cancelled (by a limit of time, mostly), and transactions that were idle or lasted for too long. */
const timedOut = new Set(['57014', '25P03', '25P04']);

function brokenOffByServer(cause: Error): ApplicationError {
  return new ApplicationError(
    'UNAVAILABLE',
    'The database broke the work off before it was done: it took longer than the database allows.',
    {
      remedy:
        'Nothing was changed. Look for statement_timeout, transaction_timeout and idle_in_transaction_session_timeout of the role, the database and the server (ALTER ROLE … RESET statement_timeout).',
      cause,
    },
  );
}

function diskFull(cause: Error): ApplicationError {
  return new ApplicationError('UNAVAILABLE', "The disk of the node's database is full. Nothing was changed.", {
    remedy: 'Make space on it, or give the database a larger one; then try again.',
    cause,
  });
}

function databaseAway(cause: Error): ApplicationError {
  return new ApplicationError('UNAVAILABLE', 'The database can not be reached now. Nothing was changed.', {
    remedy: 'Try again in a moment. If it lasts, see to the server behind DATABASE_URL.',
    cause,
  });
}
