import { parse } from 'node:querystring';
import type { Request } from 'express';
import { listParameters } from '@dossier/protocol/queries.ts';

/** The parameters of a request's query by name, all of them. `name[]` of a parameter that takes several values counts as `name`. */
export function readParameters(request: Request): Record<string, string | string[]> {
  const start = request.url.indexOf('?');
  // No bound on their number: those beyond one would be left out without a word. The length of a request's head bounds them.
  const given = parse(start === -1 ? '' : request.url.slice(start + 1), undefined, undefined, { maxKeys: 0 });
  const parameters = new Map<string, string | string[]>();
  for (const [key, value = ''] of Object.entries(given)) {
    const name = listParameters.find((list) => key === `${list}[]`) ?? key;
    const known = parameters.get(name);
    parameters.set(name, known === undefined ? value : [known, value].flat());
  }
  return Object.fromEntries(parameters);
}
