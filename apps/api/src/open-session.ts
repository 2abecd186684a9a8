import type { Request, Response } from 'express';
import { recordAudit } from '@dossier/accounts/audit.ts';
import type { Actor } from '@dossier/accounts/audit.ts';
import { rememberBrowser } from '@dossier/accounts/sign-in-limits.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { noteSignIn } from '@dossier/accounts/user-administration.ts';
import type { User } from '@dossier/accounts/users.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import type { Session } from '@dossier/protocol/session.ts';
import type { ApiDependencies } from './dependencies.ts';
import { addressOf, browserSecret, setBrowserCookie, setSessionCookie, wayOf } from './session.ts';

const sessionMs = 7 * 24 * 3_600_000;

/** Who tries to sign in, for the audit. */
export function signingIn(request: Request, { name, withCookie }: { name: string; withCookie: boolean }): Actor {
  return { actor: shownName(name), via: withCookie ? 'web' : wayOf(request), address: addressOf(request) };
}

/** Anybody's text, made fit to be kept. */
function shownName(name: string): string {
  return name.replaceAll('\u0000', '').toWellFormed().slice(0, 256);
}

interface Entry {
  user: User;
  /** For browsers: the session's cookie is set, and the browser is remembered. */
  withCookie: boolean;
  /** How the user showed who it is, where that was more, or something else, than the password. */
  details?: Readonly<Record<string, unknown>>;
}

/** Begins a session for a user who has shown who it is; also on a full disk. */
export async function openSession(
  { database, nodeUuid }: Pick<ApiDependencies, 'database' | 'nodeUuid'>,
  { request, response }: { request: Request; response: Response },
  { user, withCookie, details = {} }: Entry,
): Promise<Session> {
  const expires = new Date(Date.now() + sessionMs);
  const label = (request.get('user-agent') ?? '').slice(0, 256);
  const begin = async (tx: Database) => {
    await noteSignIn(tx, user.id);
    await recordAudit(tx, signingIn(request, { name: user.name, withCookie }), {
      action: 'signed-in',
      object: { kind: 'session' },
      details,
    });
    return issueToken(tx, { userId: user.id, kind: 'session', label, lifetimeMs: sessionMs });
  };
  const { token } = await withReserve(database, () => transaction(database, begin));
  if (withCookie) {
    setSessionCookie(request, response, { nodeUuid, token, expires });
    const known = browserSecret(request, nodeUuid);
    setBrowserCookie(request, response, { nodeUuid, secret: await withReserve(database, () => rememberBrowser(database, user, known)) });
  }
  return { token, token_expiration_datetime: expires.toISOString(), user: presentUser(user) };
}

export function presentUser(user: User): Session['user'] {
  return { id: user.id, name: user.name, role: user.role };
}
