import type { RequestHandler } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';

const longestMs = 300_000;

/** Ends requests whose body takes too long: whoever sends it byte by byte is not to hold a connection for good. */
export function refuseSlowBodies(): RequestHandler {
  return (request, response, next) => {
    const timer = setTimeout(() => {
      if (request.complete || response.headersSent) return;
      response.set('Connection', 'close');
      next(new ApplicationError('BAD_PARAM', `The body took more than ${longestMs / 1000} seconds.`));
    }, longestMs);
    request.once('end', () => clearTimeout(timer));
    response.once('close', () => clearTimeout(timer));
    next();
  };
}
