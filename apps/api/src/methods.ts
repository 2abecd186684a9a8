import type { Express, RequestHandler, Response } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Route } from './route.ts';

const looked = new WeakSet<Response>();

/**
 * Answers for the paths of the routes by methods that they don't have, whoever asks: OPTIONS with those that are possible, others with
 * METHOD_NOT_ALLOWED. Comes before the routes, so that a path with fixed words never falls to one that takes any word in their place.
 */
export function answerOtherMethods(app: Express, routes: readonly Route[]): void {
  const paths = [...new Set(routes.map(({ path }) => path))].toSorted((a, b) => openness(a) - openness(b));
  for (const path of paths) app.all(path, allowOnly(routes.filter((route) => route.path === path)));
}

/** How much else a path fits: nothing, any word for each parameter, or anything. */
function openness(path: string): number {
  return path.includes('*') ? Number.POSITIVE_INFINITY : path.split(':').length;
}

function allowOnly(routes: readonly Route[]): RequestHandler {
  const methods = new Set(routes.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])));
  const allowed = [...methods, 'OPTIONS'].join(', ');
  return (request, response, next) => {
    // The first path that fits is the one that is meant.
    if (looked.has(response) || methods.has(request.method)) {
      looked.add(response);
      next();
      return;
    }
    response.set({ Allow: allowed, 'Cache-Control': 'no-store' });
    if (request.method !== 'OPTIONS') {
      throw new ApplicationError('METHOD_NOT_ALLOWED', `${request.method} is not possible here; possible are ${allowed}.`);
    }
    response.status(204).end();
  };
}
