import type { Request, Response } from 'express';
import { issuedTokenSchema, tokenCreation, tokenQuery, tokenSchema } from '@dossier/protocol/user.ts';
import { pageOf } from '@dossier/protocol/values.ts';
import { ApplicationError, badParam, conflict } from '@dossier/runtime/errors.ts';
import { deleteToken, listTokens, readToken } from '@dossier/accounts/token-administration.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { readUser } from '@dossier/accounts/user-administration.ts';
import { audited } from '../audited.ts';
import { existingLists } from '../existing-lists.ts';
import { requireOwnLists } from '../limited.ts';
import { decodeCursor, newestFirst, presentPage } from '../cursor.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { requireOwnPassword } from '../own-password.ts';
import { parseBody, parseQuery, pathId } from '../parse.ts';
import { presentToken } from '../presenters/operator.ts';
import { answers, jsonBody } from '../route.ts';
import type { Route } from '../route.ts';
import { identityOf, limitsOf } from '../session.ts';

const tags = ['Users and tokens'];
const dayMs = 24 * 3_600_000;

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database'>;

/** Whether the tokens of others are this one's business: of administrators, unless the token that they send is limited to some lists. */
function rulesTokens(request: Request): boolean {
  return identityOf(request).user.role === 'admin' && limitsOf(request) === null;
}

export function tokenRoutes(deps: Dependencies): Route[] {
  return [listRoute(deps), createRoute(deps), deleteRoute(deps)];
}

function listRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'get',
    path: '/tokens/',
    limited: 'all',
    access: 'viewer',
    query: tokenQuery,
    operation: {
      tags,
      summary: 'Tokens and sessions that are valid, newest first',
      description: 'One’s own; administrators see those of all users, or of the one that `user` names.',
      responses: answers({ '200': pageOf(tokenSchema) }),
    },
    async handle(request, response) {
      const { limit, page, user: asked, kind } = parseQuery(request, tokenQuery);
      const { user, tokenId } = identityOf(request);
      const userId = rulesTokens(request) ? asked : user.id;
      const found = await listTokens(database, { cursor: decodeCursor(page, newestFirst), limit, filter: { userId, kind } });
      response.json(presentPage(found, (token) => presentToken(token, tokenId), newestFirst));
    },
  };
}

function createRoute(deps: Dependencies): Route {
  const { database } = deps;
  return {
    method: 'post',
    path: '/tokens/',
    limited: 'all',
    access: 'viewer',
    operation: {
      tags,
      summary: 'Make an API token',
      description:
        'The answer shows the token this once. It may do what its user may. Only administrators make tokens for others. A session has to send its user’s `password`. `dossier_lists` limits it to fewer watch lists than there are for its user; one that is made by a limited token is limited the same. A token lives no longer than the one that made it, nor than TOKEN_MAXIMUM_DAYS.',
      requestBody: jsonBody(tokenCreation),
      responses: answers({ '201': issuedTokenSchema }),
    },
    async handle(request, response) {
      const {
        label,
        user: asked,
        expires_in_days: days = null,
        dossier_lists: askedLists = null,
        password,
      } = await parseBody(request, tokenCreation);
      const { user, tokenId } = identityOf(request);
      const userId = asked ?? user.id;
      if (userId !== user.id && !rulesTokens(request)) {
        throw new ApplicationError('PERMISSION_DENIED', 'Only administrators make tokens for other users.', { param: 'user' });
      }
      await requirePassword(deps, request, response, password);
      const lifetimeMs = lifetimeOf(deps, request, days);
      const made = await audited(
        database,
        request,
        async (tx) => {
          await readUser(tx, userId).catch(() => {
            throw badParam('user', `There is no user ${userId}.`);
          });
          requireOwnLists(request, askedLists ?? undefined);
          const lists = (await existingLists(tx, askedLists, { param: 'dossier_lists' })) ?? limitsOf(request);
          const { id, token } = await issueToken(tx, { userId, kind: 'api', label, lifetimeMs, lists });
          return { token, row: await readToken(tx, id) };
        },
        ({ row }) => ({
          action: 'token-made',
          object: { kind: 'token', id: row.id, name: label },
          details: {
            user: row.user_name,
            expires_date: row.expires_date?.toISOString() ?? null,
            ...(row.dossier_lists && { dossier_lists: row.dossier_lists }),
          },
        }),
      );
      response.status(201).json({ ...presentToken(made.row, tokenId), token: made.token });
    },
  };
}

/** Whoever makes lasting access from a session has to know the password. */
async function requirePassword({ database }: Dependencies, request: Request, response: Response, password?: string): Promise<void> {
  if (identityOf(request).kind !== 'session') return;
  await requireOwnPassword(database, { request, response }, { password, nothing: 'No token was made.' });
}

/** How long a token lives for which so many days are asked: no longer than the configuration allows, nor than the API token that makes it. */
function lifetimeOf({ configuration }: Dependencies, request: Request, days: number | null): number | null {
  const { kind, expires } = identityOf(request);
  const most = configuration.tokenMaximumDays ?? null;
  if (days !== null && most !== null && days > most) {
    throw badParam('expires_in_days', `expires_in_days: may be ${most} at most (TOKEN_MAXIMUM_DAYS).`);
  }
  const bounds = [days, most].filter((bound) => bound !== null).map((bound) => bound * dayMs);
  if (kind === 'api' && expires !== null) bounds.push(expires.getTime() - Date.now());
  return bounds.length === 0 ? null : Math.min(...bounds);
}

function deleteRoute({ database }: Pick<ApiDependencies, 'database'>): Route {
  return {
    method: 'delete',
    path: '/tokens/:id/',
    limited: 'all',
    access: 'viewer',
    operation: {
      tags,
      summary: 'End a token or a session at once',
      description: 'One’s own; administrators any. ADMIN_TOKEN is the configuration’s, and ends there.',
      responses: answers({ '204': null }),
    },
    async handle(request, response) {
      const id = pathId(request, 'such token');
      const { user } = identityOf(request);
      await audited(
        database,
        request,
        async (tx) => {
          const token = await readToken(tx, id, rulesTokens(request) ? undefined : user.id);
          if (token.kind === 'configured') throw conflict('This token is ADMIN_TOKEN of the configuration: take it out there and restart.');
          await deleteToken(tx, id);
          return token;
        },
        (token) => ({
          action: 'token-revoked',
          object: { kind: token.kind === 'session' ? 'session' : 'token', id, name: token.label },
          details: { user: token.user_name },
        }),
      );
      response.status(204).end();
    },
  };
}
