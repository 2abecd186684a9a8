import { ownPasswordRequest } from '@dossier/protocol/second-factor.ts';
import type { Request, Response } from 'express';
import { ApplicationError, badParam, conflict } from '@dossier/runtime/errors.ts';
import { findByPassword } from '@dossier/accounts/users.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { parseBody } from './parse.ts';
import { requireAttempt, succeed } from './second-step.ts';
import { identityOf, requireSession } from './session.ts';

const guesses = { maximum: 10, windowSeconds: 15 * 60 };

const freshMinutes = 10;

/** Who signs in by OpenID Connect has no password here: the session has to be new. */
function requireFreshSession(created: Date, nothing: string): void {
  if (Date.now() - created.getTime() < freshMinutes * 60_000) return;
  throw new ApplicationError('PERMISSION_DENIED', `You signed in more than ${freshMinutes} minutes ago. ${nothing}`, {
    remedy: 'Sign out and in again, then do it at once.',
  });
}

/**
 * A session may be somebody else's by now: PERMISSION_DENIED for a wrong password, with what was not done; guesses are counted. Of whom has none here, the
 * session has to be new.
 */
export async function requireOwnPassword(
  database: Database,
  { request, response }: { request: Request; response: Response },
  { password, nothing }: { password: string | undefined; nothing: string },
): Promise<void> {
  const { user, hasPassword, created } = identityOf(request);
  if (!hasPassword) return requireFreshSession(created, nothing);
  if (password === undefined)
    throw badParam('password', 'password: is needed, the one that you sign in with, since you are signed in by a session.');
  const limits = [{ subject: `token password ${user.id}`, ...guesses }];
  await requireAttempt(database, response, limits, 'Too many wrong passwords');
  if ((await findByPassword(database, user.name, password)) === null) {
    throw new ApplicationError('PERMISSION_DENIED', `The password is wrong. ${nothing}`, { param: 'password' });
  }
  await succeed(database, limits);
}

/**
 * Who changes how one signs in has to be signed in, and to know the password, which the body brings. CONFLICT for whom signs in by OpenID Connect: the
 * provider keeps the second factor.
 */
export async function requirePasswordHolder(database: Database, exchange: { request: Request; response: Response }): Promise<void> {
  const { password } = await parseBody(exchange.request, ownPasswordRequest);
  requireSession(exchange.request);
  if (!identityOf(exchange.request).hasPassword) {
    throw conflict('You sign in by OpenID Connect: your second factor is kept by its provider. Nothing was changed.');
  }
  await requireOwnPassword(database, exchange, { password, nothing: 'Nothing was changed.' });
}
