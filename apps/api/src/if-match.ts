import type { Request } from 'express';
import { z } from 'zod';
import { ApplicationError } from '@dossier/runtime/errors.ts';

/** For the description of an operation: the header that keeps a change from overwriting another one. */
export const ifMatch = {
  header: z.object({ 'If-Match': z.string().optional().meta({ description: 'The ETag of what is to be changed' }) }),
};

/** Whether a request says by `If-Match` (RFC 9110 §13.1.1) which state it is about. */
export function namesState(request: Request): boolean {
  return request.get('if-match') !== undefined;
}

/** PRECONDITION_FAILED if a request names states by `If-Match`, and `isState` is true of none of their tags. `what` is named in the sentence: "Dossier 7". */
export function requireState(request: Request, what: string, isState: (tag: string) => boolean): void {
  const named = request.get('if-match');
  const known = named?.match(/\*|(?:W\/)?"[^"]*"/g) ?? [];
  if (named === undefined || known.some((tag) => tag === '*' || isState(tag))) return;
  throw new ApplicationError('PRECONDITION_FAILED', `${what} was changed since it was read. Nothing was changed.`, {
    remedy: 'Read it again, and decide whether the change is still meant.',
  });
}

/** PRECONDITION_REQUIRED, as a list demands that changes name what they change. */
export function matchRequired(what: string): ApplicationError {
  return new ApplicationError(
    'PRECONDITION_REQUIRED',
    `${what} is only changed by who says which state of it is meant. Nothing was changed.`,
    {
      remedy: 'Read it, and send the ETag of that answer as If-Match.',
    },
  );
}
