import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { pageSearch } from './address.ts';
import { loadAllTexts } from './i18n/texts.ts';
import { auditSearch } from './pages/audit/search.ts';
import { binSearch } from './pages/bin/search.ts';
import { dossierSearch } from './pages/dossiers/search.ts';
import { importsSearch } from './pages/import/search.ts';
import { offlineDeletionsSearch } from './pages/offline-deletions/search.ts';
import { linkSearch, replicationSearch } from './pages/replication/search.ts';
import { siteSearch, sitesSearch } from './pages/sites/search.ts';
import { OverviewPage } from './pages/overview/overview-page.tsx';
import { Crashed } from './shell/crashed.tsx';
import { Entrance } from './shell/entrance.tsx';
import { NotFound } from './shell/not-found.tsx';

const root = createRootRoute({
  validateSearch: pageSearch,
  beforeLoad: ({ matches }) => (matches.some(({ routeId }) => routeId === '/') ? undefined : loadAllTexts()),
  component: Entrance,
  notFoundComponent: NotFound,
});
const getParentRoute = () => root;

const routes = [
  createRoute({ getParentRoute, path: '/', component: OverviewPage }),
  createRoute({
    getParentRoute,
    path: '/watch-lists',
    component: lazyRouteComponent(() => import('./pages/watch-lists/watch-lists-page.tsx'), 'WatchListsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/dossiers',
    validateSearch: dossierSearch,
    component: lazyRouteComponent(() => import('./pages/dossiers/dossiers-page.tsx'), 'DossiersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/bin',
    validateSearch: binSearch,
    component: lazyRouteComponent(() => import('./pages/bin/bin-page.tsx'), 'BinPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/dossiers/$id/card',
    component: lazyRouteComponent(() => import('./pages/card/card-page.tsx'), 'CardPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/imports',
    validateSearch: importsSearch,
    component: lazyRouteComponent(() => import('./pages/import/imports-page.tsx'), 'ImportsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/replication',
    validateSearch: replicationSearch,
    component: lazyRouteComponent(() => import('./pages/replication/replication-page.tsx'), 'ReplicationPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/replication/$list',
    validateSearch: linkSearch,
    component: lazyRouteComponent(() => import('./pages/replication/link-page.tsx'), 'LinkPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/sites',
    validateSearch: sitesSearch,
    component: lazyRouteComponent(() => import('./pages/sites/sites-page.tsx'), 'SitesPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/sites/$id',
    validateSearch: siteSearch,
    component: lazyRouteComponent(() => import('./pages/sites/site-page.tsx'), 'SitePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/dead-letters',
    component: lazyRouteComponent(() => import('./pages/dead-letters/dead-letters-page.tsx'), 'DeadLettersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/offline-deletions',
    validateSearch: offlineDeletionsSearch,
    component: lazyRouteComponent(() => import('./pages/offline-deletions/offline-deletions-page.tsx'), 'OfflineDeletionsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/users',
    component: lazyRouteComponent(() => import('./pages/users/users-page.tsx'), 'UsersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/tokens',
    component: lazyRouteComponent(() => import('./pages/tokens/tokens-page.tsx'), 'TokensPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/account',
    component: lazyRouteComponent(() => import('./pages/account/account-page.tsx'), 'AccountPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: auditSearch,
    component: lazyRouteComponent(() => import('./pages/audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    component: lazyRouteComponent(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/webhooks',
    component: lazyRouteComponent(() => import('./pages/webhooks/webhooks-page.tsx'), 'WebhooksPage'),
  }),
] as const;

/** The addresses under /ui/ and the page of each. All but the overview are loaded when they are first opened. */
export function createAppRouter() {
  return createRouter({
    routeTree: root.addChildren(routes),
    basepath: '/ui',
    defaultPreload: 'intent',
    defaultErrorComponent: Crashed,
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
