import {
  ownPasswordRequest,
  recoveryCodesSchema,
  secondFactorResetSchema,
  secondFactorSchema,
  totpConfirmation,
  totpSetUpSchema,
} from '@dossier/protocol/second-factor.ts';
import type { SecondFactorFacts } from '@dossier/protocol/second-factor.ts';
import { ApplicationError, conflict } from '@dossier/runtime/errors.ts';
import { makeRecoveryCodes } from '@dossier/accounts/recovery-codes.ts';
import {
  endSessions,
  firstRecoveryCodes,
  settleRemoval,
  readSecondFactor,
  resetSecondFactor,
  secondFactorMethods,
} from '@dossier/accounts/second-factor.ts';
import { codeLimits } from '@dossier/accounts/sign-in-limits.ts';
import { beginTotp, removeTotp, takeTotpCode } from '@dossier/accounts/totp.ts';
import { readUser } from '@dossier/accounts/user-administration.ts';
import { audited } from '../audited.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody, pathId } from '../parse.ts';
import { presentPasskey } from '../presenters/passkey.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { requireAttempt, succeed } from '../second-step.ts';
import { requirePasswordHolder } from '../own-password.ts';
import { browserSecret, identityOf } from '../session.ts';

const tags = ['Second factor'];
const base = '/auth/second-factor/';

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'nodeUuid'>;

/** What one signs in with beside the password: seen, set up and removed by oneself, reset by administrators. */
export function secondFactorRoutes(deps: Dependencies): Route[] {
  return [readRoute(deps), beginRoute(deps), confirmRoute(deps), removeRoute(deps), codesRoute(deps), resetRoute(deps)];
}

function readRoute({ configuration, database }: Dependencies): Route {
  return {
    method: 'get',
    path: base,
    access: 'viewer',
    operation: { tags, summary: 'One’s own second factor', responses: answers({ '200': secondFactorSchema }) },
    async handle(request, response) {
      const { totpDate, passkeys, recoveryCodes } = await readSecondFactor(database, identityOf(request).user.id);
      response.json({
        required: configuration.secondFactor === 'required',
        totp: totpDate === null ? null : { created_date: totpDate.toISOString() },
        passkeys: passkeys.map(presentPasskey),
        recovery_codes: recoveryCodes,
      } satisfies SecondFactorFacts);
    },
  };
}

function beginRoute({ database }: Dependencies): Route {
  return {
    method: 'post',
    path: `${base}totp/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Begin to set up an authenticator app',
      description:
        'Takes a session and the own password. The secret (RFC 6238: SHA-1, six digits, 30 seconds) is shown this once, and counts for nothing until it is confirmed.',
      requestBody: jsonBody(ownPasswordRequest),
      responses: answers({ '200': totpSetUpSchema }),
    },
    async handle(request, response) {
      await requirePasswordHolder(database, { request, response });
      const { hostname } = request;
      response.json(await beginTotp(database, identityOf(request).user, `Dossiers (${hostname})`));
    },
  };
}

function confirmRoute({ database, nodeUuid }: Dependencies): Route {
  return {
    method: 'post',
    path: `${base}totp/confirm/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Set up the authenticator app that was begun with, by a code of it',
      description: 'One’s other sessions end. With a first second factor come recovery codes, shown this once.',
      requestBody: jsonBody(totpConfirmation),
      responses: answers({ '200': recoveryCodesSchema }),
    },
    async handle(request, response) {
      const { code } = await parseBody(request, totpConfirmation);
      const { user, tokenId } = identityOf(request);
      const limits = await codeLimits(database, user, browserSecret(request, nodeUuid));
      await requireAttempt(database, response, limits);
      const codes = await audited(
        database,
        request,
        async (tx) => {
          if (!(await takeTotpCode(tx, { userId: user.id, code: code.replaceAll(/\s/g, ''), pending: true }))) {
            throw new ApplicationError(
              'BAD_PARAM',
              'code: is not one of the app now. Look at the clock of the phone, and type the next one.',
              {
                param: 'code',
              },
            );
          }
          await endSessions(tx, user.id, tokenId);
          return firstRecoveryCodes(tx, user.id);
        },
        () => ({ action: 'second-factor-set-up', object: { kind: 'user', id: user.id, name: user.name }, details: { method: 'totp' } }),
      );
      await succeed(database, limits);
      response.json({ recovery_codes: codes });
    },
  };
}

function removeRoute({ database }: Dependencies): Route {
  return {
    method: 'post',
    path: `${base}totp/remove/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Remove the authenticator app',
      description: 'Takes a session and the own password. One’s other sessions end; without any second factor the recovery codes go, too.',
      requestBody: jsonBody(ownPasswordRequest),
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      await requirePasswordHolder(database, { request, response });
      const { user, tokenId } = identityOf(request);
      await audited(
        database,
        request,
        async (tx) => {
          if (!(await removeTotp(tx, user.id))) throw conflict('You have no authenticator app set up.');
          await settleRemoval(tx, user.id, tokenId);
        },
        () => ({ action: 'second-factor-removed', object: { kind: 'user', id: user.id, name: user.name }, details: { method: 'totp' } }),
      );
      response.status(204).end();
    },
  };
}

function codesRoute({ database }: Dependencies): Route {
  return {
    method: 'post',
    path: `${base}recovery-codes/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Make new recovery codes',
      description: 'Takes a session and the own password. They are shown this once, each is good once, and the former ones are forgotten.',
      requestBody: jsonBody(ownPasswordRequest),
      responses: answers({ '200': recoveryCodesSchema }),
    },
    async handle(request, response) {
      await requirePasswordHolder(database, { request, response });
      const { user } = identityOf(request);
      const codes = await audited(
        database,
        request,
        async (tx) => {
          const methods = await secondFactorMethods(tx, user.id);
          if (methods.length === 0) throw conflict('Recovery codes stand in for a second factor, and you have none. Set one up first.');
          return makeRecoveryCodes(tx, user.id);
        },
        () => ({ action: 'recovery-codes-made', object: { kind: 'user', id: user.id, name: user.name } }),
      );
      response.json({ recovery_codes: codes });
    },
  };
}

function resetRoute({ database }: Dependencies): Route {
  return {
    method: 'delete',
    path: '/users/:id/second-factor/',
    access: 'admin',
    operation: {
      tags: ['Users and tokens'],
      summary: 'Take a user’s second factor away, for one who lost it',
      description:
        'The app, the passkeys and the recovery codes of the user are forgotten, and the sessions end. The password and API tokens stay.',
      responses: answers({ '200': secondFactorResetSchema }),
    },
    async handle(request, response) {
      const id = pathId(request, 'such user');
      const { ended } = await audited(
        database,
        request,
        async (tx) => ({ user: await readUser(tx, id), ended: await resetSecondFactor(tx, id) }),
        (done) => ({ action: 'second-factor-reset', object: { kind: 'user', id, name: done.user.name }, details: done.ended }),
      );
      response.json(ended);
    },
  };
}
