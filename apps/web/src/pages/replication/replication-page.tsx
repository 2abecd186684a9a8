import { Button, Stack, Title } from '@mantine/core';
import { IconKey, IconLinkPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { inPlace } from '../../address.ts';
import { useLinks } from '../../api/links.ts';
import { useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { NothingReplicated } from '../../components/nothing-replicated.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { EnableDialog } from './enable-dialog.tsx';
import { Followers } from './followers.tsx';
import { JoinDialog } from './join-dialog.tsx';
import { KnownMasters } from './known-masters.tsx';
import { LinkTable } from './link-table.tsx';
import { SyncAll } from './sync-all.tsx';

/** What this node replicates from masters, and who replicates from it. */
export function ReplicationPage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  if (pages === false) return <SwitchedOff title={t('shell.pages.replication')} />;
  return <Replication />;
}

function Replication() {
  const { t } = useTranslation();
  const { enable, join } = useSearch({ from: '/replication' });
  const navigate = useNavigate({ from: '/replication' });
  const admin = useMay('admin');
  const links = useLinks();
  const lists = useWatchLists();
  const show = (dialog: { enable?: true; join?: true }): void => void navigate({ search: (before) => ({ ...before, ...dialog }), resetScroll: false });
  // Going back afterwards does not open it again.
  const close = (): void => void navigate({ search: (before) => ({ ...before, enable: undefined, join: undefined }), ...inPlace });
  const action = admin && (
    <>
      {links.data !== undefined && links.data.length > 1 && <SyncAll links={links.data} />}
      <Button variant="default" leftSection={<IconKey size={18} aria-hidden />} onClick={() => show({ join: true })}>
        {t('sites.join.open')}
      </Button>
      <Button leftSection={<IconLinkPlus size={18} aria-hidden />} onClick={() => show({ enable: true })}>
        {t('common.replicateList')}
      </Button>
    </>
  );
  return (
    <Page title={t('shell.pages.replication')} description={t('replication.description')} actions={action}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('overview.replicas')}
        </Title>
        <Loaded query={links}>
          {(found) =>
            found.length === 0 ? (
              <NothingReplicated hasLists={(lists.data ?? []).length > 0} />
            ) : (
              <LinkTable links={found} lists={lists.data ?? []} />
            )
          }
        </Loaded>
      </Stack>
      <KnownMasters />
      <Followers />
      {admin && enable !== undefined && <EnableDialog onClose={close} />}
      {admin && join === true && <JoinDialog onClose={close} />}
    </Page>
  );
}
