import type { Request, Response } from 'express';
import { currentSessionSchema, sessionSchema, signInQuery, signInRequest } from '@dossier/protocol/session.ts';
import type { CurrentSession } from '@dossier/protocol/session.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { signInLimits } from '@dossier/accounts/sign-in-limits.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { revokeToken } from '@dossier/accounts/tokens.ts';
import { findByPassword } from '@dossier/accounts/users.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { audited } from '../audited.ts';
import { openSession, presentUser, signingIn } from '../open-session.ts';
import { parseOptionalBody } from '../optional-body.ts';
import { parseQuery } from '../parse.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { requireAttempt, requireSecondFactor, succeed } from '../second-step.ts';
import { browserSecret, cookieName, identityOf, missesSecondFactor, requireSameOrigin } from '../session.ts';

const tags = ['Session'];

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'nodeUuid'>;

export function signInRoutes(deps: Dependencies): Route[] {
  const { database, nodeUuid } = deps;
  return [
    {
      method: 'post',
      path: '/auth/login/',
      access: 'everyone',
      query: signInQuery,
      operation: {
        tags,
        summary: 'Sign in with HTTP Basic',
        description:
          'Needs no body. With `?cookie=1` the session cookie for browsers is set, too. A user who has a second factor is answered with 401 `SECOND_FACTOR_REQUIRED`, whose `methods` say by what it can be shown: send the code of the authenticator app, or a recovery code, as `code`.',
        requestBody: { content: { 'application/json': { schema: signInRequest } } },
        security: [{ password: [] }],
        responses: answers({ '200': sessionSchema }),
      },
      async handle(request, response) {
        const { code } = await parseOptionalBody(request, signInRequest);
        await signIn(deps, { request, response, code });
      },
    },
    currentSessionRoute(deps),
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

interface SignIn {
  readonly request: Request;
  readonly response: Response;
  /** Of the second factor, where it was given. */
  readonly code: string | undefined;
}

/** Answers with a token for whom name and password are right, and the second factor of whoever has one. Attempts are counted before and forgiven after. */
async function signIn({ database, nodeUuid }: Dependencies, { request, response, code }: SignIn): Promise<void> {
  const withCookie = parseQuery(request, signInQuery).cookie === '1';
  // A browser would answer a Basic challenge with a dialog of its own in place of the sign-in page's.
  if (request.get('origin') === undefined) response.set('WWW-Authenticate', 'Basic realm="dossiers", charset="UTF-8"');
  if (withCookie) requireSameOrigin(request);
  const credentials = readBasic(request);
  const actor = signingIn(request, { name: credentials.name, withCookie });
  const browser = browserSecret(request, nodeUuid);
  const limits = await signInLimits(database, { name: credentials.name, address: request.ip ?? '', browser });
  await requireAttempt(database, response, limits);
  const user = await findByPassword(database, credentials.name, credentials.password);
  if (user === null) {
    await recordAudit(database, actor, { action: 'sign-in-failed', object: { kind: 'session' } });
    throw new ApplicationError('UNAUTHORIZED', 'The name or the password is wrong.');
  }
  await succeed(database, limits);
  const shown = await requireSecondFactor(database, response, { user, code, browser, actor });
  response.removeHeader('WWW-Authenticate');
  const details = shown === null ? {} : { second_factor: shown };
  response.json(await openSession({ database, nodeUuid }, { request, response }, { user, withCookie, details }));
}

function currentSessionRoute({ configuration }: Dependencies): Route {
  return {
    method: 'get',
    path: '/auth/session/',
    access: 'viewer',
    operation: { tags, summary: 'Who is signed in', responses: answers({ '200': currentSessionSchema }) },
    handle(request, response) {
      const identity = identityOf(request);
      response.json({
        user: presentUser(identity.user),
        sign_in: identity.hasPassword ? 'password' : 'oidc',
        second_factor_missing: missesSecondFactor(identity, configuration),
        dossier_lists: identity.lists,
      } satisfies CurrentSession);
    },
  };
}

function readBasic(request: Request): { name: string; password: string } {
  const encoded = /^\s*basic\s+([A-Za-z0-9+/_-]+=*)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) throw new ApplicationError('UNAUTHORIZED', 'Send the name and the password by HTTP Basic.');
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
