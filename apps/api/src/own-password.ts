import type { Request, Response } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { countAttempt, forgiveAttempts } from '@dossier/accounts/attempts.ts';
import { findByPassword } from '@dossier/accounts/users.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { identityOf } from './session.ts';

const guesses = { maximum: 10, windowSeconds: 15 * 60 };

/** A session may be somebody else's by now: PERMISSION_DENIED for a wrong password, with what was not done; guesses are counted. */
export async function requireOwnPassword(
  database: Database,
  { request, response }: { request: Request; response: Response },
  { password, nothing }: { password: string; nothing: string },
): Promise<void> {
  const { user } = identityOf(request);
  const limits = [{ subject: `token password ${user.id}`, ...guesses }];
  const waitSeconds = await countAttempt(database, limits);
  if (waitSeconds !== null) {
    response.set('Retry-After', String(waitSeconds));
    throw new ApplicationError('TOO_MANY_REQUESTS', `Too many wrong passwords; try again in ${waitSeconds} seconds.`);
  }
  if ((await findByPassword(database, user.name, password)) === null) {
    throw new ApplicationError('PERMISSION_DENIED', `The password is wrong. ${nothing}`, { param: 'password' });
  }
  await forgiveAttempts(database, limits);
}
