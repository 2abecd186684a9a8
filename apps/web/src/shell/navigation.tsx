import { NavLink, ScrollArea, Stack, Text } from '@mantine/core';
import {
  IconAlertOctagon,
  IconApi,
  IconFileImport,
  IconFolders,
  IconFolderX,
  IconLayoutDashboard,
  IconListDetails,
  IconRefresh,
  IconStack2,
  IconTopologyStar,
  IconTrash,
  IconHistory,
  IconKey,
  IconSettings,
  IconUsers,
  IconWebhook,
} from '@tabler/icons-react';
import type { TablerIcon } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { mayActAs } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';
import { useSession } from '../api/session.ts';
import { useNode } from '../api/node.ts';
import { useAnySite } from '../api/any-site.ts';

type PageName =
  | 'overview'
  | 'watchLists'
  | 'dossiers'
  | 'imports'
  | 'bin'
  | 'replication'
  | 'sites'
  | 'deadLetters'
  | 'offlineDeletions'
  | 'users'
  | 'tokens'
  | 'audit'
  | 'settings'
  | 'webhooks';

/** A page that there is a way to. */
export interface PageEntry {
  readonly page: PageName;
  readonly to: NonNullable<LinkProps['to']>;
  readonly icon: TablerIcon;
  readonly role?: Role;
  /** Not for who is limited to some watch lists. */
  readonly unlimited?: true;
}

const contents: readonly PageEntry[] = [
  { page: 'overview', to: '/', icon: IconLayoutDashboard },
  { page: 'watchLists', to: '/watch-lists', icon: IconListDetails },
  { page: 'dossiers', to: '/dossiers', icon: IconFolders },
  { page: 'imports', to: '/imports', icon: IconFileImport, unlimited: true },
  { page: 'bin', to: '/bin', icon: IconTrash, role: 'operator', unlimited: true },
];

const replicating: readonly PageEntry[] = [
  { page: 'replication', to: '/replication', icon: IconRefresh },
  { page: 'sites', to: '/sites', icon: IconTopologyStar },
  { page: 'deadLetters', to: '/dead-letters', icon: IconAlertOctagon },
  { page: 'offlineDeletions', to: '/offline-deletions', icon: IconFolderX },
];

const withoutSites = replicating.filter(({ page }) => page !== 'sites');
const replicatingWith = (sites: boolean): readonly PageEntry[] => (sites ? replicating : withoutSites);

const administrative: readonly PageEntry[] = [
  { page: 'users', to: '/users', icon: IconUsers, role: 'admin' },
  { page: 'tokens', to: '/tokens', icon: IconKey },
  { page: 'audit', to: '/audit', icon: IconHistory, role: 'admin' },
  { page: 'webhooks', to: '/webhooks', icon: IconWebhook, role: 'admin' },
  { page: 'settings', to: '/settings', icon: IconSettings, role: 'admin' },
];

/** Which pages a node has; undefined while that isn't known. */
interface Offered {
  readonly replication: boolean | undefined;
  readonly sites: boolean;
}

/** The pages that somebody of this role may see. */
export function pagesFor(role: Role, { replication, sites }: Offered): readonly PageEntry[] {
  const pages = [...contents, ...(replication === true ? replicatingWith(sites) : []), ...administrative];
  return pages.filter((entry) => mayActAs(role, entry.role ?? 'viewer'));
}

/** The ways to the pages that the person may see; those of replication neither offered nor said to be off before that is known. */
export function Navigation({ replication, sites, role }: Offered & { role: Role }) {
  const { t } = useTranslation();
  return (
    <ScrollArea type="auto" h="100%">
      <Stack gap="md">
        <Entries entries={contents} role={role} />
        {replication === true && <Entries title={t('shell.groups.replication')} entries={replicatingWith(sites)} role={role} />}
        {replication === false && (
          <Text size="xs" c="dimmed" px="sm">
            {t('shell.replicationOff')}
          </Text>
        )}
        <Entries title={t('shell.groups.administration')} entries={administrative} role={role} />
        <div>
          <GroupTitle>{t('shell.groups.elsewhere')}</GroupTitle>
          {mayActAs(role, 'admin') && (
            <NavLink href="/queues/" label={t('shell.pages.queues')} leftSection={<IconStack2 size={18} aria-hidden />} />
          )}
          <NavLink href="/docs/" label={t('shell.pages.reference')} leftSection={<IconApi size={18} aria-hidden />} />
        </div>
      </Stack>
    </ScrollArea>
  );
}

/** Sites are a master's: of a node that is a slave and nothing else only if it knows one, such as the first that waits. */
export function useHasSitesPage(replication: boolean): boolean {
  const { data: node } = useNode();
  const onlySlave = node?.slave === true && !node.master;
  const known = useAnySite({ enabled: replication && onlySlave });
  return node !== undefined && (!onlySlave || known === true);
}

function GroupTitle({ children }: { children: string }) {
  return (
    <Text size="xs" c="dimmed" fw={650} px="sm" mb={4}>
      {children}
    </Text>
  );
}

function Entries({ title, entries, role }: { title?: string; entries: readonly PageEntry[]; role: Role }) {
  const { t } = useTranslation();
  const isLimited = (useSession().data?.dossier_lists ?? null) !== null;
  const allowed = entries.filter((entry) => mayActAs(role, entry.role ?? 'viewer') && !(isLimited && entry.unlimited));
  if (allowed.length === 0) return null;
  return (
    <div>
      {title !== undefined && <GroupTitle>{title}</GroupTitle>}
      {allowed.map(({ page, to, icon: Icon }) => (
        <NavLink
          key={page}
          renderRoot={(props) => (
            <Link {...props} to={to} activeOptions={{ exact: to === '/', includeSearch: false }} activeProps={{ 'data-active': true }} />
          )}
          label={t(`shell.pages.${page}`)}
          leftSection={<Icon size={18} aria-hidden />}
        />
      ))}
    </div>
  );
}
