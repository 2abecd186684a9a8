import { SchemaMigrationRequiredError, SchemaVersionMismatchError } from 'bullmq';

import { ApplicationError } from '@dossier/runtime/errors.ts';

import { redisTrouble } from './redis-troubles.ts';

/** The SQLSTATE of PostgreSQL. */
const diskFull = '53100';

/** The refusal of a queue that can't be reached; safe to show, since PostgreSQL has the work. */
export function queueUnavailable(cause: unknown): ApplicationError {
  if (cause instanceof ApplicationError) return cause;
  if (cause instanceof SchemaMigrationRequiredError)
    return new ApplicationError('UNAVAILABLE', 'The database holds no tables for the job queue.', {
      remedy: 'Run: dossier migrate',
      cause,
    });
  if (cause instanceof SchemaVersionMismatchError)
    return new ApplicationError('UNAVAILABLE', 'The job queue in the database belongs to a newer version of the software.', {
      remedy: 'Upgrade this node to the version that the others run.',
      cause,
    });
  if (cause instanceof Error && 'code' in cause && cause.code === diskFull)
    return new ApplicationError('UNAVAILABLE', "The disk of the job queue's database is full.", {
      remedy: 'Make space on it, or give the database a larger one. Recorded work starts by itself then.',
      cause,
    });
  return (
    redisTrouble(cause) ??
    new ApplicationError('UNAVAILABLE', 'The job queue can not be reached now.', {
      remedy:
        'Check the server behind REDIS_URL, or DATABASE_URL where REDIS_URL is not set. Recorded work starts by itself when it is back.',
      cause,
    })
  );
}

/**
 * The result of `work` if it comes within `timeoutMs`, else an ApplicationError UNAVAILABLE; also in place of any failure of
 * `work`. Work that comes too late is not undone: what it enqueued may still run, which handlers have to bear anyway.
 */
export async function withinDeadline<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, timeout]);
  } catch (error) {
    throw queueUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
