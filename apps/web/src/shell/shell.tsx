import { AppShell, Burger, Group, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { CurrentSession } from '@dossier/protocol/session.ts';
import { useLiveEvents } from '../api/live.ts';
import { useReplicationPages } from '../api/node.ts';
import { useIsLimited } from '../api/session.ts';
import logo from '../favicon.svg';
import { AccountMenu } from './account-menu.tsx';
import { GoTo } from './go-to/go-to.tsx';
import { LiveMark } from './live-mark.tsx';
import { Navigation, pagesFor, useHasSitesPage } from './navigation.tsx';
import { NodeName } from './node-name.tsx';
import { RoleBanner } from './role-banner.tsx';
import classes from './shell.module.css';

/** What is around every page: the node's role, the ways to the other pages, the account. */
export function Shell({ user }: { user: CurrentSession['user'] }) {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure(false);
  const replication = useReplicationPages();
  const sites = useHasSitesPage(replication === true);
  const live = useLiveEvents();
  const reader = { role: user.role, isLimited: useIsLimited() };
  const pathname = useRouterState({ select: (state) => state.location.pathname });
  useEffect(close, [close, pathname]);
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 248, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding="lg">
      <a className={classes.skip} href="#content">
        {t('shell.skip')}
      </a>
      <AppShell.Header className={classes.header ?? ''}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="sm">
          <Group gap="sm" wrap="nowrap" miw={0}>
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('shell.menu')} aria-expanded={opened} />
            <Link to="/" className={classes.brand ?? ''} aria-label={t('shell.title')}>
              <img src={logo} width={28} height={28} alt="" />
              <Text fw={650} span visibleFrom="xs">
                {t('shell.title')}
              </Text>
            </Link>
            <RoleBanner />
            <NodeName visibleFrom="md" />
          </Group>
          <Group gap="sm" wrap="nowrap">
            <LiveMark state={live} />
            <GoTo pages={pagesFor(reader, { replication, sites })} />
            <AccountMenu user={user} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" aria-label={t('shell.navigation')} className={classes.navbar ?? ''}>
        <NodeName hiddenFrom="md" px="sm" pb="xs" />
        <Navigation replication={replication} sites={sites} reader={reader} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main ?? ''}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
