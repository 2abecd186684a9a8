import {
  ownPasswordRequest,
  passkeyChange,
  passkeyCreation,
  passkeyMadeSchema,
  passkeySchema,
  webAuthnSchema,
} from '@dossier/protocol/second-factor.ts';
import { addPasskey, passkeyCreationOptions, removePasskey, renamePasskey } from '@dossier/accounts/passkeys.ts';
import { endSessions, firstRecoveryCodes, settleRemoval } from '@dossier/accounts/second-factor.ts';
import { audited } from '../audited.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requirePasswordHolder } from '../own-password.ts';
import { parseBody, pathId } from '../parse.ts';
import { presentPasskey } from '../presenters/passkey.ts';
import { relyingParty } from '../relying-party.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf, requireSession } from '../session.ts';

const tags = ['Second factor'];
const base = '/auth/second-factor/passkeys/';
const what = 'such passkey';

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'nodeUuid'>;

/** One's own passkeys. */
export function passkeyRoutes(deps: Dependencies): Route[] {
  return [optionsRoute(deps), addRoute(deps), renameRoute(deps), removeRoute(deps)];
}

function optionsRoute(deps: Dependencies): Route {
  const { database } = deps;
  return {
    method: 'post',
    path: `${base}options/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Begin to add a passkey: what `navigator.credentials.create` takes',
      description: 'Takes a session and the own password. The answer to it is awaited for five minutes.',
      requestBody: jsonBody(ownPasswordRequest),
      responses: answers({ '200': webAuthnSchema }),
    },
    async handle(request, response) {
      await requirePasswordHolder(database, { request, response });
      response.json(await passkeyCreationOptions(database, identityOf(request).user, relyingParty(request, deps)));
    },
  };
}

function addRoute(deps: Dependencies): Route {
  const { database } = deps;
  return {
    method: 'post',
    path: base,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Add the passkey that the browser made',
      description: 'One’s other sessions end. With a first second factor come recovery codes, shown this once.',
      requestBody: jsonBody(passkeyCreation),
      responses: answers({ '201': passkeyMadeSchema }),
    },
    async handle(request, response) {
      const { label, credential } = await parseBody(request, passkeyCreation);
      requireSession(request);
      const { user, tokenId } = identityOf(request);
      const party = relyingParty(request, deps);
      const made = await audited(
        database,
        request,
        async (tx) => {
          const passkey = await addPasskey(tx, user, { party, label, credential });
          await endSessions(tx, user.id, tokenId);
          return { passkey, codes: await firstRecoveryCodes(tx, user.id) };
        },
        ({ passkey }) => ({
          action: 'passkey-added',
          object: { kind: 'user', id: user.id, name: user.name },
          details: { passkey: passkey.id, label, host: passkey.rp_id },
        }),
      );
      response.status(201).json({ passkey: presentPasskey(made.passkey), recovery_codes: made.codes });
    },
  };
}

function renameRoute({ database }: Dependencies): Route {
  return {
    method: 'patch',
    path: `${base}:id/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Give a passkey another name',
      requestBody: jsonBody(passkeyChange),
      responses: answers({ '200': passkeySchema }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      const { label } = await parseBody(request, passkeyChange);
      const { user } = identityOf(request);
      const passkey = await audited(
        database,
        request,
        (tx) => renamePasskey(tx, user.id, { id, label }),
        () => ({ action: 'passkey-renamed', object: { kind: 'user', id: user.id, name: user.name }, details: { passkey: id, label } }),
      );
      response.json(presentPasskey(passkey));
    },
  };
}

function removeRoute({ database }: Dependencies): Route {
  return {
    method: 'post',
    path: `${base}:id/remove/`,
    access: 'viewer',
    operation: {
      tags,
      summary: 'Remove a passkey',
      description: 'Takes a session and the own password. One’s other sessions end; without any second factor the recovery codes go, too.',
      requestBody: jsonBody(ownPasswordRequest),
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      const id = pathId(request, what);
      await requirePasswordHolder(database, { request, response });
      const { user, tokenId } = identityOf(request);
      await audited(
        database,
        request,
        async (tx) => {
          const passkey = await removePasskey(tx, user.id, id);
          await settleRemoval(tx, user.id, tokenId);
          return passkey;
        },
        ({ label }) => ({
          action: 'passkey-removed',
          object: { kind: 'user', id: user.id, name: user.name },
          details: { passkey: id, label },
        }),
      );
      response.status(204).end();
    },
  };
}
