import { pageQuery } from '@dossier/protocol/queries.ts';
import { userChange, userCreation, userDetailsSchema } from '@dossier/protocol/user.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { requireGoodPassword } from '@dossier/accounts/password-rules.ts';
import { changeUser, deleteUser, listUsers, readUser } from '@dossier/accounts/user-administration.ts';
import { createUser } from '@dossier/accounts/users.ts';
import { existingLists } from '../existing-lists.ts';
import { audited } from '../audited.ts';
import { decodeCursor, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentUser } from '../presenters/operator.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';

const tags = ['Users and tokens'];
const what = 'such user';

export function userRoutes(deps: Pick<ApiDependencies, 'database'>): Route[] {
  return [...collectionRoutes(deps), ...itemRoutes(deps)];
}

function collectionRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'get',
      path: '/users/',
      access: 'admin',
      query: pageQuery,
      operation: { tags, summary: 'Users', responses: answers({ '200': pageOf(userDetailsSchema) }) },
      async handle(request, response) {
        const { limit, page } = parseQuery(request, pageQuery);
        response.json(presentPage(await listUsers(database, { cursor: decodeCursor(page), limit }), presentUser));
      },
    },
    {
      method: 'post',
      path: '/users/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Make a user',
        description: 'A password has at least 12 characters and is not easily guessed.',
        requestBody: jsonBody(userCreation),
        responses: answers({ '201': userDetailsSchema }),
      },
      async handle(request, response) {
        const { active = true, dossier_lists: lists, ...creation } = await parseBody(request, userCreation);
        await requireGoodPassword(creation.password, { name: creation.name });
        const user = await audited(
          database,
          request,
          async (tx) => {
            const given = await existingLists(tx, lists, { param: 'dossier_lists' });
            const { id } = await createUser(tx, { ...creation, lists: given });
            return active ? readUser(tx, id) : changeUser(tx, id, { active });
          },
          ({ id, name, role }) => ({
            action: 'user-made',
            object: { kind: 'user', id, name },
            details: { role, active, ...(lists && { dossier_lists: lists }) },
          }),
        );
        response.status(201).location(`/users/${user.id}/`).json(presentUser(user));
      },
    },
  ];
}

function itemRoutes({ database }: Pick<ApiDependencies, 'database'>): Route[] {
  return [
    {
      method: 'patch',
      path: '/users/:id/',
      access: 'admin',
      operation: {
        tags,
        summary: 'Change a user',
        description:
          '`dossier_lists` are the watch lists that there are for the user; null: all. A new password ends the sessions and API tokens of the user, and `ended` says how many; with `keep_tokens` the API tokens stay. Who is not active can neither sign in nor use a token.',
        requestBody: jsonBody(userChange),
        responses: answers({ '200': userDetailsSchema }),
      },
      async handle(request, response) {
        const id = pathId(request, what);
        const change = await parseBody(request, userChange);
        const { password, keep_tokens: keepTokens, ...shown } = change;
        const { dossier_lists: lists, ...fields } = shown;
        if (password !== undefined) await requireGoodPassword(password, { name: (await readUser(database, id)).name });
        const user = await audited(
          database,
          request,
          async (tx) => {
            const { dossier_lists: before } = await readUser(tx, id);
            const given = await existingLists(tx, lists, { param: 'dossier_lists', before });
            return changeUser(tx, id, { ...fields, lists: given, password, keepTokens });
          },
          ({ name, ended }) => ({
            action: password !== undefined && Object.keys(shown).length === 0 ? 'password-set' : 'user-changed',
            object: { kind: 'user', id, name },
            details: { ...shown, ...(ended === null ? {} : { password: 'set', ended }) },
          }),
        );
        response.json({ ...presentUser(user), ...(user.ended === null ? {} : { ended: user.ended }) });
      },
    },
    {
      method: 'delete',
      path: '/users/:id/',
      access: 'admin',
      operation: { tags, summary: 'Delete a user, with all tokens and sessions', responses: answers({ '204': null }) },
      async handle(request, response) {
        const id = pathId(request, what);
        await audited(
          database,
          request,
          (tx) => deleteUser(tx, id),
          ({ name, role }) => ({ action: 'user-deleted', object: { kind: 'user', id, name }, details: { role } }),
        );
        response.status(204).end();
      },
    },
  ];
}
