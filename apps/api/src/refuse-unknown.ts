import type { RequestHandler } from 'express';
import { z } from 'zod';
import { listParameters } from '@dossier/protocol/queries.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { readParameters } from './parameters.ts';
import { unknownNames } from './parse.ts';
import type { Route } from './route.ts';
import { parseOptionalBody } from './optional-body.ts';

const nothing = z.strictObject({});

/**
 * Refuses parameters of the query that the route doesn't name or that come more than once where one is taken, and fields of a body where it takes none. A filter that isn't applied must never answer
 * people, nor a purge or a deletion do more than was asked. The queries of pages are for the scripts of the page.
 */
export function refuseUnknown({ method, query, operation, page }: Route): RequestHandler {
  const known = new Set(Object.keys(query?.shape ?? {}));
  const takesBody = operation.requestBody !== undefined;
  return async (request, _response, next) => {
    if (page !== true) refuseParameters(readParameters(request), known);
    if (method !== 'get' && !takesBody) await parseOptionalBody(request, nothing);
    next();
  };
}

function refuseParameters(given: Record<string, string | string[]>, known: ReadonlySet<string>): void {
  const unknown = Object.keys(given).filter((name) => !known.has(name));
  if (unknown.length > 0) throw unknownNames('parameter', unknown);
  const repeated = Object.keys(given).find((name) => Array.isArray(given[name]) && !listParameters.includes(name));
  if (repeated !== undefined) throw badParam(repeated, `${repeated}: is given more than once, and one value is taken.`);
}
