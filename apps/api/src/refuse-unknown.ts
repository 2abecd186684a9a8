import type { RequestHandler } from 'express';
import { z } from 'zod';
import { readParameters } from './parameters.ts';
import { unknownNames } from './parse.ts';
import type { Route } from './route.ts';
import { parseOptionalBody } from './optional-body.ts';

const nothing = z.strictObject({});

/**
 * Refuses parameters of the query that the route doesn't name, and fields of a body where it takes none. A filter that isn't applied must never answer
 * people, nor a purge or a deletion do more than was asked. The queries of pages are for the scripts of the page.
 */
export function refuseUnknown({ method, query, operation, page }: Route): RequestHandler {
  const known = new Set(Object.keys(query?.shape ?? {}));
  const takesBody = operation.requestBody !== undefined;
  return async (request, _response, next) => {
    const unknown = page === true ? [] : Object.keys(readParameters(request)).filter((name) => !known.has(name));
    if (unknown.length > 0) throw unknownNames('parameter', unknown);
    if (method !== 'get' && !takesBody) await parseOptionalBody(request, nothing);
    next();
  };
}
