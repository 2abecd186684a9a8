import type { Request, Response } from 'express';
import { currentSessionSchema, sessionSchema, signInQuery, signInRequest } from '@dossier/protocol/session.ts';
import type { CurrentSession, Session } from '@dossier/protocol/session.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { countAttempt, forgiveAttempts } from '@dossier/accounts/attempts.ts';
import { rememberBrowser, signInLimits } from '@dossier/accounts/sign-in-limits.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { issueToken, revokeToken } from '@dossier/accounts/tokens.ts';
import { noteSignIn } from '@dossier/accounts/user-administration.ts';
import { findByPassword } from '@dossier/accounts/users.ts';
import type { User } from '@dossier/accounts/users.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { audited } from '../audited.ts';
import { parseOptionalBody } from '../optional-body.ts';
import { parseQuery } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import {
  addressOf,
  browserSecret,
  cookieName,
  identityOf,
  requireSameOrigin,
  setBrowserCookie,
  setSessionCookie,
  wayOf,
} from '../session.ts';

const sessionMs = 7 * 24 * 3_600_000;
const tags = ['Session'];

type Dependencies = Pick<ApiDependencies, 'database' | 'nodeUuid'>;

export function signInRoutes({ database, nodeUuid }: Dependencies): Route[] {
  return [
    {
      method: 'post',
      path: '/auth/login/',
      access: 'everyone',
      query: signInQuery,
      operation: {
        tags,
        summary: 'Sign in with HTTP Basic',
        description: 'Needs no body. With `?cookie=1` the session cookie for browsers is set, too.',
        requestBody: { content: { 'application/json': { schema: signInRequest } } },
        security: [{ password: [] }],
        responses: answers({ '200': sessionSchema }),
      },
      async handle(request, response) {
        await parseOptionalBody(request, signInRequest);
        // Who is to make space on a full disk has to get in.
        await withReserve(database, () => signIn({ database, nodeUuid }, request, response));
      },
    },
    currentSessionRoute,
    {
      method: 'post',
      path: '/auth/logout/',
      access: 'viewer',
      operation: { tags, summary: 'Sign out: the token is no longer valid', responses: answers({ '204': null }) },
      async handle(request, response) {
        await audited(
          database,
          request,
          (tx) => revokeToken(tx, identityOf(request).token),
          () => ({ action: 'signed-out', object: { kind: 'session', id: identityOf(request).tokenId } }),
        );
        response.clearCookie(cookieName(nodeUuid), { path: '/' }).status(204).end();
      },
    },
  ];
}

/** Answers with a token for whom name and password are right. Attempts are counted before and forgiven after. */
async function signIn({ database, nodeUuid }: Dependencies, request: Request, response: Response): Promise<void> {
  const withCookie = parseQuery(request, signInQuery).cookie === '1';
  // A browser would answer a Basic challenge with a dialog of its own in place of the sign-in page's.
  if (request.get('origin') === undefined) response.set('WWW-Authenticate', 'Basic realm="dossiers", charset="UTF-8"');
  if (withCookie) requireSameOrigin(request);
  const credentials = readBasic(request);
  const actor = {
    actor: shownName(credentials.name),
    via: withCookie ? 'web' : wayOf(request),
    address: addressOf(request),
  } as const;
  const browser = browserSecret(request, nodeUuid);
  const limits = await signInLimits(database, { name: credentials.name, address: request.ip ?? '', browser });
  const waitSeconds = await countAttempt(database, limits);
  if (waitSeconds !== null) {
    response.set('Retry-After', String(waitSeconds));
    throw new ApplicationError('TOO_MANY_REQUESTS', `Too many failed sign-ins; try again in ${waitSeconds} seconds.`);
  }
  const user = await findByPassword(database, credentials.name, credentials.password);
  if (user === null) {
    await recordAudit(database, actor, { action: 'sign-in-failed', object: { kind: 'session' } });
    throw new ApplicationError('UNAUTHORIZED', 'The name or the password is wrong.');
  }
  await forgiveAttempts(database, limits);
  response.removeHeader('WWW-Authenticate');
  const expires = new Date(Date.now() + sessionMs);
  const label = (request.get('user-agent') ?? '').slice(0, 256);
  const { token } = await transaction(database, async (tx) => {
    await noteSignIn(tx, user.id);
    await recordAudit(tx, actor, { action: 'signed-in', object: { kind: 'session' } });
    return issueToken(tx, { userId: user.id, kind: 'session', label, lifetimeMs: sessionMs });
  });
  if (withCookie) {
    setSessionCookie(request, response, { nodeUuid, token, expires });
    setBrowserCookie(request, response, { nodeUuid, secret: await rememberBrowser(database, user, browser) });
  }
  response.json(presentSession(user, token, expires));
}

const currentSessionRoute: Route = {
  method: 'get',
  path: '/auth/session/',
  access: 'viewer',
  operation: { tags, summary: 'Who is signed in', responses: answers({ '200': currentSessionSchema }) },
  handle(request, response) {
    const { user } = identityOf(request);
    response.json({ user: presentUser(user) } satisfies CurrentSession);
  },
};

/** Anybody's text, made fit to be kept. */
function shownName(name: string): string {
  return name.replaceAll('\u0000', '').toWellFormed().slice(0, 256);
}

function presentSession(user: User, token: string, expires: Date): Session {
  return { token, token_expiration_datetime: expires.toISOString(), user: presentUser(user) };
}

function presentUser(user: User): Session['user'] {
  return { id: user.id, name: user.name, role: user.role };
}

function readBasic(request: Request): { name: string; password: string } {
  const encoded = /^\s*basic\s+([A-Za-z0-9+/_-]+=*)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw new ApplicationError('UNAUTHORIZED', 'Send the name and the password by HTTP Basic.');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
