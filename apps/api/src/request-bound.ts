import type { Request, Response } from 'express';
import { boundedBy } from '@dossier/postgres/bound.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Route } from './route.ts';

/** A look that takes the database longer than this is worth nobody's wait. */
const lookMs = 60_000;

/**
 * Handles a request. What only looks is broken off at the database when it takes too long, or when the asker goes away: nobody would read the answer, and
 * the gate needs the connection.
 */
export async function handleBounded(route: Route, request: Request, response: Response): Promise<void> {
  if (route.method !== 'get' || route.endless === true) {
    await route.handle(request, response);
    return;
  }
  const bound = new AbortController();
  const timer = setTimeout(() => bound.abort(tookTooLong()), lookMs);
  response.once('close', () => {
    clearTimeout(timer);
    bound.abort(new Error('whoever asked has gone away'));
  });
  await boundedBy(bound.signal, () => route.handle(request, response));
}

function tookTooLong(): ApplicationError {
  return new ApplicationError(
    'UNAVAILABLE',
    `The database took longer than ${lookMs / 1000} seconds for the answer; the look was broken off.`,
    {
      remedy: 'Ask for less at once. If it happens with every request, look at what the database is busy with.',
    },
  );
}
