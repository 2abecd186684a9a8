import type { Request, Response } from 'express';
import { z } from 'zod';
import { recordAudit } from '@dossier/accounts/audit.ts';
import { entryLimits } from '@dossier/accounts/sign-in-limits.ts';
import { createOidc } from '@dossier/accounts/oidc.ts';
import type { Oidc, OidcBeginning } from '@dossier/accounts/oidc.ts';
import { OidcFault } from '@dossier/accounts/oidc-fault.ts';
import { enterByOidc } from '@dossier/accounts/oidc-users.ts';
import type { OidcPerson } from '@dossier/accounts/oidc-users.ts';
import type { User } from '@dossier/accounts/users.ts';
import { transaction } from '@dossier/postgres/database.ts';
import { withReserve } from '@dossier/postgres/disk-reserve.ts';
import { notFound } from '@dossier/runtime/errors.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { openSession, signingIn } from '../open-session.ts';
import { publicOrigin } from '../public-origin.ts';
import { answers } from '../route.ts';
import type { Route } from '../route.ts';
import { requireAttempt, succeed } from '../second-step.ts';
import { cookieToken } from '../session.ts';

const base = '/auth/oidc/';
const callback = `${base}callback/`;
const beginningMs = 15 * 60_000;

type Dependencies = Pick<ApiDependencies, 'configuration' | 'database' | 'nodeUuid' | 'logger'>;
type Handle = (oidc: Oidc, request: Request, response: Response) => Promise<void>;

/** Pages on the way to the provider of OpenID Connect and back. What goes wrong on it is told on the sign-in page, by its code. */
export function oidcRoutes(deps: Dependencies): Route[] {
  const oidc = deps.configuration.oidc === null ? null : createOidc(deps.configuration.oidc);
  const page = (path: string, handle: Handle): Route => ({
    method: 'get',
    path,
    access: 'everyone',
    page: true,
    operation: { responses: answers({}) },
    async handle(request, response) {
      if (oidc === null) throw notFound('provider of OpenID Connect configured here (OIDC_ISSUER)');
      await handle(oidc, request, response).catch((error: unknown) => sendBack(deps, { request, response }, error));
    },
  });
  return [
    page(`${base}start/`, (provider, request, response) => start(deps, provider, { request, response })),
    page(callback, (provider, request, response) => finish(deps, provider, { request, response })),
    page(`${base}logout/`, async (provider, request, response) => {
      const home = new URL('/ui/', publicOrigin(request, deps.configuration)).href;
      response.redirect((await provider.signOutAddress(home))?.href ?? home);
    }),
  ];
}

interface Exchange {
  request: Request;
  response: Response;
}

/** Sends the browser to the provider, and lets it keep what it has to bring back. */
async function start({ configuration, nodeUuid }: Dependencies, oidc: Oidc, { request, response }: Exchange): Promise<void> {
  const { address, beginning } = await oidc.begin(new URL(callback, publicOrigin(request, configuration)).href);
  const kept = Buffer.from(JSON.stringify({ ...beginning, next: localPath(request.query['next']) })).toString('base64url');
  response.cookie(beginningCookie(nodeUuid), kept, {
    httpOnly: true,
    // The provider's page sends the browser back here: a strict cookie would stay away.
    sameSite: 'lax',
    secure: request.secure,
    path: base,
    maxAge: beginningMs,
  });
  response.redirect(address.href);
}

function beginningCookie(nodeUuid: string): string {
  return `dossier_oidc_${nodeUuid.slice(0, 8)}`;
}

const keptSchema = z.strictObject({ state: z.string().min(1), nonce: z.string().min(1), verifier: z.string().min(1), next: z.string() });

/** A path of this node, or that of the web interface. */
function localPath(wanted: unknown): string {
  const url = typeof wanted === 'string' ? URL.parse(wanted, 'http://here.invalid') : null;
  return url?.host === 'here.invalid' ? url.pathname + url.search + url.hash : '/ui/';
}

function readBeginning(request: Request, nodeUuid: string): OidcBeginning & { next: string } {
  try {
    return keptSchema.parse(JSON.parse(Buffer.from(cookieToken(request, beginningCookie(nodeUuid)) ?? '', 'base64url').toString('utf8')));
  } catch (error) {
    throw new OidcFault('OIDC_FAILED', 'This browser has not begun to sign in, or more than 15 minutes ago.', error);
  }
}

/** Signs in whom the provider sent back. */
async function finish(deps: Dependencies, oidc: Oidc, { request, response }: Exchange): Promise<void> {
  const { configuration, database, nodeUuid } = deps;
  const limits = entryLimits(request.ip ?? '');
  await requireAttempt(database, response, limits);
  const { next, ...beginning } = readBeginning(request, nodeUuid);
  response.clearCookie(beginningCookie(nodeUuid), { path: base });
  const person = await oidc.finish(new URL(request.originalUrl, publicOrigin(request, configuration)), beginning);
  const user = await withReserve(database, () => enter(deps, request, person));
  await succeed(database, limits);
  const details = { by: 'oidc', issuer: person.issuer };
  await openSession({ database, nodeUuid }, { request, response }, { user, withCookie: true, details });
  response.redirect(localPath(next));
}

async function enter({ database }: Dependencies, request: Request, person: OidcPerson): Promise<User> {
  return transaction(database, async (tx) => {
    const { user, change } = await enterByOidc(tx, person);
    if (change !== null) {
      await recordAudit(tx, signingIn(request, { name: user.name, withCookie: true }), {
        action: change === 'made' ? 'user-made' : 'user-changed',
        object: { kind: 'user', id: user.id, name: user.name },
        details: { role: user.role, issuer: person.issuer },
      });
    }
    return user;
  });
}

/** Back to the sign-in page, which says what went wrong and still takes a password. */
async function sendBack({ database, logger }: Dependencies, { request, response }: Exchange, error: unknown): Promise<void> {
  if (!(error instanceof OidcFault)) throw error;
  logger.warn({ code: error.code, err: error }, 'nobody was signed in by OpenID Connect');
  if (error.code !== 'OIDC_UNREACHABLE') {
    const details = { by: 'oidc', code: error.code, reason: error.message };
    await recordAudit(database, signingIn(request, { name: 'nobody', withCookie: true }), {
      action: 'sign-in-failed',
      object: { kind: 'session' },
      details,
    });
  }
  response.redirect(`/ui/?fault=${error.code}`);
}
