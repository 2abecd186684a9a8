import type { Request, Response } from 'express';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import type { Actor } from '@dossier/accounts/audit.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { findTokenHolder } from '@dossier/accounts/tokens.ts';
import type { TokenHolder } from '@dossier/accounts/tokens.ts';

/** Who asks, and with which token. */
export interface Identity extends TokenHolder {
  token: string;
  /** By the web interface's cookie; otherwise by a token in the header. */
  byCookie: boolean;
}

const identities = new WeakMap<Request, Identity>();

/** Who asks; only for routes that are not open to everyone. */
export function identityOf(request: Request): Identity {
  const identity = identities.get(request);
  if (!identity) throw new Error(`${request.method} ${request.path} was handled without its user being known`);
  return identity;
}

/** The watch lists that there are for who asks; null: all, also where nobody has to be known. */
export function limitsOf(request: Request): readonly number[] | null {
  return identities.get(request)?.lists ?? null;
}

/** Who asks and from where, for the audit. A program says by its User-Agent that it is the command line. */
export function actorOf(request: Request): Actor {
  const { user, byCookie } = identityOf(request);
  return { actor: user.name, via: byCookie ? 'web' : wayOf(request), address: addressOf(request) };
}

/** By which way somebody asks who sends no cookie. */
export function wayOf(request: Request): Actor['via'] {
  return request.get('user-agent')?.startsWith(commandLineAgent) === true ? 'cli' : 'api';
}

/** How the command line's User-Agent begins. */
export const commandLineAgent = 'dossier-cli/';

/** The IP address of the one who asks, IPv4 in its own form. */
export function addressOf(request: Request): string {
  return (request.ip ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

/** Cookies know no port, and nodes share hosts: the name tells them apart. */
export function cookieName(nodeUuid: string): string {
  return `dossier_session_${nodeUuid.slice(0, 8)}`;
}

/** As long as browsers keep a cookie. */
const browserMs = 400 * 24 * 3_600_000;

const unsafe = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method);

/** Finds out who asks and keeps it for identityOf. UNAUTHORIZED if nobody known does. */
export async function identify(request: Request, { database, nodeUuid }: { database: Database; nodeUuid: string }): Promise<Identity> {
  const header = request.headers.authorization?.trim() ?? '';
  const token = header === '' ? cookieToken(request, cookieName(nodeUuid)) : (/^token\s+(\S+)$/i.exec(header)?.[1] ?? null);
  const holder = token === null ? null : await findTokenHolder(database, token);
  if (holder === null || token === null) {
    throw new ApplicationError(
      'UNAUTHORIZED',
      header === '' ? 'Sign in, or send a token.' : 'The token is not known here, or has expired.',
      {
        remedy: 'Send "Authorization: Token <token>" with a token from POST /auth/login/ or "dossier token create".',
      },
    );
  }
  if (header === '' && unsafe(request.method)) requireSameOrigin(request);
  const identity = { ...holder, token, byCookie: header === '' };
  identities.set(request, identity);
  return identity;
}

/** Whether somebody is signed in who has to set up a second factor before anything else. */
export function missesSecondFactor({ lacksSecondFactor }: Identity, { secondFactor }: Pick<Configuration, 'secondFactor'>): boolean {
  return secondFactor === 'required' && lacksSecondFactor;
}

/** Refuses tokens of programs: whoever has one of those only is not to change how its user signs in. */
export function requireSession(request: Request): void {
  if (identityOf(request).kind === 'session') return;
  throw new ApplicationError(
    'PERMISSION_DENIED',
    'This takes a session: sign in, and use the token of POST /auth/login/. Nothing was changed.',
  );
}

export function cookieToken(request: Request, name: string): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return null;
}

/**
 * A browser sends the cookie also for other sites' pages. It says where a request comes from: by Sec-Fetch-Site in secure contexts,
 * else by Origin. What says neither is no browser.
 */
export function requireSameOrigin(request: Request): void {
  const site = request.get('sec-fetch-site');
  const origin = request.get('origin');
  const same =
    site === undefined
      ? origin === undefined || URL.parse(origin)?.host === request.headers.host?.toLowerCase()
      : site === 'same-origin' || site === 'none';
  if (!same) throw new ApplicationError('PERMISSION_DENIED', 'The request comes from the page of another site. Nothing was changed.');
}

/** The secret by which this browser is known to have signed in before, or null. */
export function browserSecret(request: Request, nodeUuid: string): string | null {
  return cookieToken(request, browserCookieName(nodeUuid));
}

function browserCookieName(nodeUuid: string): string {
  return `dossier_browser_${nodeUuid.slice(0, 8)}`;
}

/** Lets the browser be known at its next sign-in. The cookie goes nowhere else and permits nothing. */
export function setBrowserCookie(request: Request, response: Response, cookie: { nodeUuid: string; secret: string }): void {
  response.cookie(browserCookieName(cookie.nodeUuid), cookie.secret, {
    httpOnly: true,
    sameSite: 'strict',
    secure: request.secure,
    path: '/auth/login',
    maxAge: browserMs,
  });
}

/** Makes the browser keep the token out of reach of scripts. */
export function setSessionCookie(request: Request, response: Response, cookie: { nodeUuid: string; token: string; expires: Date }): void {
  response.cookie(cookieName(cookie.nodeUuid), cookie.token, {
    httpOnly: true,
    sameSite: 'lax',
    secure: request.secure,
    path: '/',
    expires: cookie.expires,
  });
}
