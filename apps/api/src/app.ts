import express from 'express';
import type { Express, Request, RequestHandler, Response } from 'express';
import { mayActAs } from '@dossier/domain/role.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { refuseAmbiguous } from './connections.ts';
import type { ApiDependencies } from './dependencies.ts';
import { protectBrowsers } from './headers.ts';
import { logRequests } from './http-log.ts';
import { answerOtherMethods } from './methods.ts';
import { createMetrics } from './metrics.ts';
import type { Metrics } from './metrics.ts';
import { OpenAnswers } from './open-answers.ts';
import { describeApi } from './openapi.ts';
import { answerProblem } from './problem.ts';
import { refuseUnknown } from './refuse-unknown.ts';
import { handleBounded } from './request-bound.ts';
import { limitRequest } from './limited.ts';
import type { Access, LimitedTo, Route } from './route.ts';
import { auditExportRoute } from './routes/audit-export.ts';
import { auditRoutes } from './routes/audit.ts';
import { binRoutes } from './routes/bin.ts';
import { documentationRoutes, sendPage } from './routes/documentation.ts';
import { dossierDeletionRoute } from './routes/dossier-deletion.ts';
import { dossierFaceRoutes } from './routes/dossier-faces.ts';
import { dossierBulkRoutes } from './routes/dossiers-bulk.ts';
import { dossierMergeRoute } from './routes/dossier-merge.ts';
import { dossierRoutes } from './routes/dossiers.ts';
import { duplicateRoutes } from './routes/duplicates.ts';
import { exportRoutes } from './routes/export.ts';
import { recordRefused } from './shown.ts';
import { healthRoutes } from './routes/health.ts';
import { historyRoutes } from './routes/history.ts';
import { importRoutes } from './routes/import.ts';
import { importUndoRoute } from './routes/import-undo.ts';
import { importHistoryRoutes } from './routes/imports.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { ownPasswordRoute } from './routes/own-password.ts';
import { oidcRoutes } from './routes/oidc.ts';
import { ownPages, pageRoutes } from './routes/pages.ts';
import { passkeySignInRoutes } from './routes/passkey-sign-in.ts';
import { passkeyRoutes } from './routes/passkeys.ts';
import { secondFactorRoutes } from './routes/second-factor.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { tokenRoutes } from './routes/tokens.ts';
import { userRoutes } from './routes/users.ts';
import { watchListRoutes } from './routes/watch-lists.ts';
import { identify, missesSecondFactor } from './session.ts';
import { refuseSlowBodies } from './slow-bodies.ts';
import { traceRequests } from './tracing.ts';

/** All routes of the API, each with who may call it; what isn't here doesn't exist. */
export function listRoutes(deps: ApiDependencies, metrics: Metrics): Route[] {
  const routes: Route[] = [
    ...signInRoutes(deps),
    ownPasswordRoute(deps),
    ...passkeySignInRoutes(deps),
    ...oidcRoutes(deps),
    ...secondFactorRoutes(deps),
    ...passkeyRoutes(deps),
    ...watchListRoutes(deps),
    ...dossierBulkRoutes(deps),
    ...duplicateRoutes(deps),
    // Before the dossiers, among which it would be looked for.
    ...exportRoutes(deps),
    ...dossierRoutes(deps),
    dossierDeletionRoute(deps),
    dossierMergeRoute(deps),
    ...historyRoutes(deps),
    ...dossierFaceRoutes(deps),
    ...importRoutes(deps),
    importUndoRoute(deps),
    ...binRoutes(deps),
    ...importHistoryRoutes(deps),
    ...userRoutes(deps),
    ...tokenRoutes(deps),
    ...auditRoutes(deps),
    auditExportRoute(deps),
    ...deps.routes,
    ...healthRoutes(deps),
    ...metricsRoutes(metrics),
    ...documentationRoutes(() => describeApi(routes)),
    ...pageRoutes(),
  ];
  return routes;
}

/** The node's HTTP interface. Nothing is opened or started; see startApi. */
export function createApp(deps: ApiDependencies): Express {
  const metrics = createMetrics(deps.database, deps.queues);
  const routes = listRoutes(deps, metrics);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // A proxy on this host may say for whom it asks; anybody else could say anything.
  app.set('trust proxy', 'loopback');
  app.use(logRequests(deps.logger));
  app.use(refuseAmbiguous);
  app.use(traceRequests(routeOf));
  app.use(measure(metrics));
  app.use(protectBrowsers());
  for (const { path, access, handler } of deps.mounts) {
    app.use(path, nameRoute(path), guard(deps, { path, access, page: true, limited: access === 'everyone' ? 'all' : undefined }), handler);
  }
  answerOtherMethods(app, routes);
  const bulk = new OpenAnswers('large answers', { perUser: 10, together: 60 });
  for (const route of routes) {
    const passes = [nameRoute(route.path), guard(deps, route), refuseUnknown(route)];
    if (route.slowBody !== true) passes.unshift(refuseSlowBodies());
    app[route.method](route.path, ...passes, async (request, response) => {
      if (route.bulk) bulk.enter(request, response);
      try {
        await handleBounded(route, request, response);
      } catch (error) {
        if (error instanceof ApplicationError) await recordRefused(deps.database, request, error);
        throw error;
      }
    });
  }
  app.use((request: Request) => {
    throw new ApplicationError('NOT_FOUND', `There is nothing at ${request.path.slice(0, 200)}.`);
  });
  app.use(answerProblem);
  return app;
}

const routeNames = new WeakMap<Response, string>();

function routeOf(response: Response): string {
  return routeNames.get(response) ?? 'none';
}

function nameRoute(path: string): RequestHandler {
  return (_request, response, next) => {
    routeNames.set(response, path);
    next();
  };
}

function measure(metrics: Metrics): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    response.once('close', () => {
      metrics.observe({
        method: request.method,
        route: routeOf(response),
        status: response.statusCode,
        seconds: (performance.now() - started) / 1000,
      });
    });
    next();
  };
}

/** Lets pass whom the route is for. */
function guard(
  deps: ApiDependencies,
  { path, access, page, limited }: { path: string; access: Access; page?: true; limited?: LimitedTo | undefined },
): RequestHandler {
  return async (request, response, next) => {
    response.set('Cache-Control', 'no-store');
    if (access !== 'everyone') {
      try {
        const identity = await identify(request, deps);
        const { user, byCookie } = identity;
        if (!path.startsWith('/auth/') && missesSecondFactor(identity, deps.configuration)) throw secondFactorFirst();
        if (byCookie && /^\/(sync|sites)\//.test(path)) requireReplicationPages(deps);
        if (!mayActAs(user.role, access)) {
          throw new ApplicationError('PERMISSION_DENIED', `This takes the role ${access}; ${user.name} has the role ${user.role}.`);
        }
        await limitRequest(deps.database, { request, response }, path.startsWith('/auth/') ? 'all' : limited);
      } catch (error) {
        const code = page === true && error instanceof ApplicationError && request.accepts(['json', 'html']) === 'html' ? error.code : null;
        if (code === 'PERMISSION_DENIED') {
          response.status(403);
          sendPage(response, 'not-allowed.html', ownPages);
          return;
        }
        if (code !== 'UNAUTHORIZED' && code !== 'SECOND_FACTOR_MISSING') throw error;
        response.redirect(`/ui/?next=${encodeURIComponent(request.originalUrl)}`);
        return;
      }
    }
    next();
  };
}

function secondFactorFirst(): ApplicationError {
  return new ApplicationError('SECOND_FACTOR_MISSING', 'This node demands a second factor, and you have none yet.', {
    remedy: 'Set one up in the web interface, which asks for it after signing in. API tokens need none.',
  });
}

/** The plugin brings replication to the web interface; programs with a token have it anyway. */
function requireReplicationPages({ configuration }: ApiDependencies): void {
  if (configuration.installedApps.includes('ffsecurity_sync')) return;
  throw new ApplicationError(
    'PERMISSION_DENIED',
    'Replication is not enabled in the web interface of this node: add ffsecurity_sync to INSTALLED_APPS, run "dossier migrate" and restart.',
    { remedy: 'Do so on the master and on the slaves. Programs with an API token need nothing of this.' },
  );
}
