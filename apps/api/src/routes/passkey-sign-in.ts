import { passkeySignIn, signInMethodsSchema, webAuthnSchema } from '@dossier/protocol/second-factor.ts';
import { sessionSchema, signInQuery } from '@dossier/protocol/session.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { findByPasskey, passkeyRequestOptions } from '@dossier/accounts/passkeys.ts';
import { entryLimits } from '@dossier/accounts/sign-in-limits.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { openSession, signingIn } from '../open-session.ts';
import { parseBody, parseQuery } from '../parse.ts';
import { relyingParty } from '../relying-party.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { requireAttempt, succeed } from '../second-step.ts';
import { requireSameOrigin } from '../session.ts';

const tags = ['Session'];

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'nodeUuid'>;

/** Signing in by what the device keeps, without name and password. */
export function passkeySignInRoutes(deps: Dependencies): Route[] {
  return [methodsRoute(deps), optionsRoute(deps), signInRoute(deps)];
}

function methodsRoute({ configuration }: Dependencies): Route {
  return {
    method: 'get',
    path: '/auth/methods/',
    access: 'everyone',
    operation: {
      tags,
      summary: 'What the sign-in page offers beside the password, and of which node it is',
      responses: answers({ '200': signInMethodsSchema }),
    },
    handle(_request, response) {
      response.json({
        node_name: configuration.nodeName,
        oidc: configuration.oidc === null ? null : { name: new URL(configuration.oidc.issuer).host },
      });
    },
  };
}

function optionsRoute(deps: Dependencies): Route {
  const { database } = deps;
  return {
    method: 'post',
    path: '/auth/passkey/options/',
    access: 'everyone',
    operation: {
      tags,
      summary: 'Begin to sign in with a passkey: what `navigator.credentials.get` takes',
      description: 'The answer to it is awaited for five minutes.',
      responses: answers({ '200': webAuthnSchema }),
    },
    async handle(request, response) {
      requireSameOrigin(request);
      await requireAttempt(database, response, entryLimits(request.ip ?? ''));
      response.json(await passkeyRequestOptions(database, relyingParty(request, deps)));
    },
  };
}

function signInRoute(deps: Dependencies): Route {
  const { database } = deps;
  return {
    method: 'post',
    path: '/auth/passkey/',
    access: 'everyone',
    query: signInQuery,
    operation: {
      tags,
      summary: 'Sign in with what the browser answered',
      description: 'A passkey shows two factors at once: the device, and the finger, face or PIN that it asked for.',
      requestBody: jsonBody(passkeySignIn),
      responses: answers({ '200': sessionSchema }),
    },
    async handle(request, response) {
      const withCookie = parseQuery(request, signInQuery).cookie === '1';
      const { credential } = await parseBody(request, passkeySignIn);
      requireSameOrigin(request);
      const party = relyingParty(request, deps);
      const limits = entryLimits(request.ip ?? '');
      await requireAttempt(database, response, limits);
      const found = await transaction(database, (tx) => findByPasskey(tx, party, credential));
      if (found === null) {
        const actor = signingIn(request, { name: 'nobody', withCookie });
        await recordAudit(database, actor, { action: 'sign-in-failed', object: { kind: 'session' }, details: { by: 'passkey' } });
        throw new ApplicationError(
          'UNAUTHORIZED',
          'This passkey is not known here, or its answer came too late. Sign in with the password.',
        );
      }
      await succeed(database, limits);
      const details = { by: 'passkey', passkey: found.passkey };
      response.json(await openSession(deps, { request, response }, { user: found.user, withCookie, details }));
    },
  };
}
