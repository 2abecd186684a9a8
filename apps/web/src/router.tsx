import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
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
  component: Entrance,
  notFoundComponent: NotFound,
});
const getParentRoute = () => root;

/** A page that is loaded when it is first opened, and the texts that the first page has none of. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazyRouteComponent(async () => {
    const [module] = await Promise.all([load(), loadAllTexts()]);
    return module;
  }, name);
}

const routes = [
  createRoute({ getParentRoute, path: '/', component: OverviewPage }),
  createRoute({
    getParentRoute,
    path: '/watch-lists',
    component: page(() => import('./pages/watch-lists/watch-lists-page.tsx'), 'WatchListsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/dossiers',
    validateSearch: dossierSearch,
    component: page(() => import('./pages/dossiers/dossiers-page.tsx'), 'DossiersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/bin',
    validateSearch: binSearch,
    component: page(() => import('./pages/bin/bin-page.tsx'), 'BinPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/dossiers/$id/card',
    component: page(() => import('./pages/card/card-page.tsx'), 'CardPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/imports',
    validateSearch: importsSearch,
    component: page(() => import('./pages/import/imports-page.tsx'), 'ImportsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/replication',
    validateSearch: replicationSearch,
    component: page(() => import('./pages/replication/replication-page.tsx'), 'ReplicationPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/replication/$list',
    validateSearch: linkSearch,
    component: page(() => import('./pages/replication/link-page.tsx'), 'LinkPage'),
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
    component: page(() => import('./pages/dead-letters/dead-letters-page.tsx'), 'DeadLettersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/offline-deletions',
    validateSearch: offlineDeletionsSearch,
    component: page(() => import('./pages/offline-deletions/offline-deletions-page.tsx'), 'OfflineDeletionsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/users',
    component: page(() => import('./pages/users/users-page.tsx'), 'UsersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/tokens',
    component: page(() => import('./pages/tokens/tokens-page.tsx'), 'TokensPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/account',
    component: page(() => import('./pages/account/account-page.tsx'), 'AccountPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: auditSearch,
    component: page(() => import('./pages/audit/audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    component: page(() => import('./pages/settings/settings-page.tsx'), 'SettingsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/webhooks',
    component: page(() => import('./pages/webhooks/webhooks-page.tsx'), 'WebhooksPage'),
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
