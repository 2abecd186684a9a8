import type { Response } from 'express';
import { countAttempt, forgiveAttempts } from '@dossier/accounts/attempts.ts';
import type { AttemptLimit } from '@dossier/accounts/attempts.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import type { Actor } from '@dossier/accounts/audit.ts';
import { secondFactorMethods, takeCode } from '@dossier/accounts/second-factor.ts';
import { codeLimits } from '@dossier/accounts/sign-in-limits.ts';
import type { User } from '@dossier/accounts/users.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';

interface SecondStep {
  user: User;
  code: string | undefined;
  browser: string | null;
  actor: Actor;
}

/**
 * Asks for the second factor of a user whose password was right, and gives what it was, for the audit; null for one who has none. Guesses are counted before a code is
 * looked at. SECOND_FACTOR_REQUIRED without a code, SECOND_FACTOR_WRONG for one that isn't good now, TOO_MANY_REQUESTS.
 */
export async function requireSecondFactor(
  database: Database,
  response: Response,
  { user, code, browser, actor }: SecondStep,
): Promise<'totp' | 'recovery-code' | null> {
  const methods = await secondFactorMethods(database, user.id);
  if (methods.length === 0) return null;
  if (code === undefined) {
    const typed = methods.filter((method) => method !== 'passkey').length > 0;
    throw new ApplicationError('SECOND_FACTOR_REQUIRED', 'The password is right, and this user has a second factor.', {
      param: 'code',
      methods,
      remedy: typed
        ? 'Send the code of the authenticator app, or a recovery code, as "code" in the JSON body.'
        : 'Sign in with the passkey, or use an API token.',
    });
  }
  const limits = await codeLimits(database, user, browser);
  await requireAttempt(database, response, limits);
  const taken = await withReserve(database, () => takeCode(database, user.id, code));
  if (taken === null) {
    await recordAudit(database, actor, { action: 'sign-in-failed', object: { kind: 'session' }, details: { second_factor: 'wrong' } });
    throw new ApplicationError('SECOND_FACTOR_WRONG', 'The code is wrong, was used already, or is too old.', {
      param: 'code',
      methods,
      remedy: 'Wait for the next code of the app. If none is taken, look at the clock of the phone and of this host.',
    });
  }
  await succeed(database, limits);
  return taken;
}

/**
 * Counts an attempt, also on a full disk: who is to make space has to get in. TOO_MANY_REQUESTS beyond the limits.
 * @param what was done too often, as a beginning of a sentence
 */
export async function requireAttempt(
  database: Database,
  response: Response,
  limits: readonly AttemptLimit[],
  what = 'Too many failed sign-ins',
): Promise<void> {
  const waitSeconds = await withReserve(database, () => countAttempt(database, limits));
  if (waitSeconds === null) return;
  response.set('Retry-After', String(waitSeconds));
  throw new ApplicationError('TOO_MANY_REQUESTS', `${what}; try again in ${waitSeconds} seconds.`);
}

/** What was tried succeeded. */
export async function succeed(database: Database, limits: readonly AttemptLimit[]): Promise<void> {
  await withReserve(database, () => forgiveAttempts(database, limits));
}
