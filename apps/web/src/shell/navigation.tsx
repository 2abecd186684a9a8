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
import { useIsLimited } from '../api/session.ts';
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
  { page: 'sites', to: '/sites', icon: IconTopologyStar, unlimited: true },
  { page: 'deadLetters', to: '/dead-letters', icon: IconAlertOctagon, unlimited: true },
  { page: 'offlineDeletions', to: '/offline-deletions', icon: IconFolderX, unlimited: true },
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

/** Who looks: a role, and whether there are only some watch lists for this user. */
interface Reader {
  readonly role: Role;
  readonly isLimited: boolean;
}

const isFor =
  ({ role, isLimited }: Reader) =>
  (entry: PageEntry): boolean =>
    mayActAs(role, entry.role ?? 'viewer') && !(isLimited && entry.unlimited === true);

/** The pages that this reader may see. */
export function pagesFor(reader: Reader, { replication, sites }: Offered): readonly PageEntry[] {
  return [...contents, ...(replication === true ? replicatingWith(sites) : []), ...administrative].filter(isFor(reader));
}

/** The ways to the pages that the person may see; those of replication neither offered nor said to be off before that is known. */
export function Navigation({ replication, sites, reader }: Offered & { reader: Reader }) {
  const { t } = useTranslation();
  return (
    <ScrollArea type="auto" h="100%">
      <Stack gap="md">
        <Entries entries={contents} reader={reader} />
        {replication === true && <Entries title={t('shell.groups.replication')} entries={replicatingWith(sites)} reader={reader} />}
        {replication === false && (
          <Text size="xs" c="dimmed" px="sm">
            {t('shell.replicationOff')}
          </Text>
        )}
        <Entries title={t('shell.groups.administration')} entries={administrative} reader={reader} />
        <div>
          <GroupTitle>{t('shell.groups.elsewhere')}</GroupTitle>
          {mayActAs(reader.role, 'admin') && !reader.isLimited && (
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
  const isLimited = useIsLimited();
  const known = useAnySite({ enabled: replication && onlySlave && !isLimited });
  return node !== undefined && (!onlySlave || known === true);
}

function GroupTitle({ children }: { children: string }) {
  return (
    <Text size="xs" c="dimmed" fw={650} px="sm" mb={4}>
      {children}
    </Text>
  );
}

function Entries({ title, entries, reader }: { title?: string; entries: readonly PageEntry[]; reader: Reader }) {
  const { t } = useTranslation();
  const allowed = entries.filter(isFor(reader));
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
