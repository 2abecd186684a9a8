import { ownPasswordChange, ownPasswordChangedSchema } from '@dossier/protocol/session.ts';
import { badParam } from '@dossier/runtime/errors.ts';
import { requireGoodPassword } from '@dossier/accounts/password-rules.ts';
import { setPassword } from '@dossier/accounts/users.ts';
import { audited } from '../audited.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requireOwnPassword } from '../own-password.ts';
import { parseBody } from '../parse.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf } from '../session.ts';

/** Everybody changes the own password. */
export function ownPasswordRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'post',
    path: '/auth/password/',
    access: 'viewer',
    operation: {
      tags: ['Session'],
      summary: 'Change one’s own password',
      description:
        'Ends one’s other sessions and, unless `keep_tokens`, API tokens; the session or token that asks goes on. `new_password` has at least 12 characters and is not easily guessed.',
      requestBody: jsonBody(ownPasswordChange),
      responses: answers({ '200': ownPasswordChangedSchema }),
    },
    async handle(request, response) {
      const { password, new_password: changed, keep_tokens: keepTokens } = await parseBody(request, ownPasswordChange);
      const { user, tokenId } = identityOf(request);
      await requireOwnPassword(database, { request, response }, { password, nothing: 'Nothing was changed.' });
      if (changed === password) throw badParam('new_password', 'new_password: is the one that you have. Nothing was changed.');
      await requireGoodPassword(changed, { name: user.name, param: 'new_password' });
      const ended = await audited(
        database,
        request,
        (tx) => setPassword(tx, user.name, changed, { keepTokens, keep: tokenId }),
        (access) => ({ action: 'password-set', object: { kind: 'user', id: user.id, name: user.name }, details: { ended: access } }),
      );
      response.json({ ended });
    },
  };
}
