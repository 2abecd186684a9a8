import { Alert, Anchor, Button, Group, SimpleGrid, Skeleton, Stack, Text, Title } from '@mantine/core';
import { IconLinkPlus, IconPlugX } from '@tabler/icons-react';
import { Link as RouterLink } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useLinks } from '../../api/links.ts';
import { useSlaves } from '../../api/masters.ts';
import { useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { byUrgency } from '../../components/link-standing.ts';
import { loadAllTexts } from '../../i18n/texts.ts';
import { LinkCard } from './link-card.tsx';
import { OwnLists } from './own-lists.tsx';
import { Verdict } from './verdict.tsx';

const shownAtFirst = 24;
// Of a slave's first page neither is a part.
const Sites = lazy(async () => {
  const [{ Sites: component }] = await Promise.all([import('./sites.tsx'), loadAllTexts()]);
  return { default: component };
});
const FirstSteps = lazy(async () => {
  const [{ FirstSteps: component }] = await Promise.all([import('./first-steps.tsx'), loadAllTexts()]);
  return { default: component };
});

/** Whether every copy here is right, and every site that reads from here; what is not comes first. */
export function OverviewPage() {
  const { t } = useTranslation();
  const lists = useWatchLists();
  return (
    <Page title={t('shell.pages.overview')}>
      <Loaded query={lists}>{(watchLists) => <Overview watchLists={watchLists} />}</Loaded>
    </Page>
  );
}

function Overview({ watchLists }: { watchLists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const own = watchLists.filter((list) => list.replica === null);
  const pages = useReplicationPages();
  return (
    <Stack gap="xl">
      {pages === true && <Replication watchLists={watchLists} />}
      {pages === false && <WithoutReplication watchLists={watchLists} />}
      {own.length > 0 && <OwnLists title={t('overview.lists')} lists={own} />}
    </Stack>
  );
}

/** Where the pages of replication are off: the copies all the same, and how to have the pages. */
function WithoutReplication({ watchLists }: { watchLists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const copies = watchLists.filter((list) => list.replica !== null);
  return (
    <Stack gap="xl">
      <Alert color="steel" icon={<IconPlugX aria-hidden />} title={t('shell.replicationOffTitle')}>
        {t('shell.replicationOff')}
      </Alert>
      {copies.length > 0 && <OwnLists title={t('overview.replicas')} lists={copies} />}
      {watchLists.length === 0 && (
        <Text>
          {t('common.noLists')}.{' '}
          {admin && (
            <Anchor underline="always" renderRoot={(props) => <RouterLink {...props} to="/watch-lists" />}>
              {t('common.makeList')}
            </Anchor>
          )}
        </Text>
      )}
    </Stack>
  );
}

/** What the node is to others, or, where it is nothing yet, what it can be. */
function Replication({ watchLists }: { watchLists: readonly WatchList[] }) {
  const links = useLinks();
  const slaves = useSlaves({ enabled: true });
  return (
    <Loaded query={links}>
      {(copies) => (
        <>
          {/* Whether the copies are right is told also where it isn't known who reads from here. */}
          {copies.length > 0 && <LinkCards links={copies} watchLists={watchLists} />}
          <Loaded query={slaves}>
            {(readers) => (
              <Suspense fallback={<Skeleton height={72} />}>
                {readers.length > 0 && <Sites slaves={readers} />}
                {copies.length + readers.length === 0 && <FirstSteps hasLists={watchLists.length > 0} />}
              </Suspense>
            )}
          </Loaded>
        </>
      )}
    </Loaded>
  );
}

function LinkCards({ links, watchLists }: { links: readonly Link[]; watchLists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const [all, setAll] = useState(false);
  const names = new Map(watchLists.map((list) => [list.id, list]));
  const sorted = byUrgency(links);
  return (
    <Stack gap="md">
      <Verdict links={links} />
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('overview.replicas')}
        </Title>
        {admin && (
          <Button
            component={RouterLink}
            to="/replication?enable=true"
            variant="default"
            size="xs"
            leftSection={<IconLinkPlus size={16} aria-hidden />}
          >
            {t('common.replicateList')}
          </Button>
        )}
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} component="ul" p={0} m={0}>
        {(all ? sorted : sorted.slice(0, shownAtFirst)).map((link) => (
          <LinkCard key={link.slave_dossier_list} link={link} list={names.get(link.slave_dossier_list) ?? null} />
        ))}
      </SimpleGrid>
      {!all && sorted.length > shownAtFirst && (
        <Button variant="default" onClick={() => setAll(true)}>
          <Text span>{t('overview.showAll', { count: sorted.length })}</Text>
        </Button>
      )}
    </Stack>
  );
}
