import { ApplicationError } from '@dossier/runtime/errors.ts';

/** The refusal of a queue that can't be reached; safe to show, since PostgreSQL has the work. */
export function queueUnavailable(cause: unknown): ApplicationError {
  return new ApplicationError('UNAVAILABLE', 'The job queue can not be reached now.', {
    remedy:
      'Check the server behind REDIS_URL, or DATABASE_URL where REDIS_URL is not set. Recorded work starts by itself when it is back.',
    cause,
  });
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
    throw error instanceof ApplicationError ? error : queueUnavailable(error);
  } finally {
    clearTimeout(timer);
  }
}
