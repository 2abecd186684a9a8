import { Anchor, Button, Paper, Stack, Text } from '@mantine/core';
import { IconUnlink } from '@tabler/icons-react';
import { Link as RouterLink, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useLinks } from '../../api/links.ts';
import { useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Empty } from '../../components/empty.tsx';
import { LinkState, NextRun } from '../../components/link-facts.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { ProgressLine } from '../../components/progress-line.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { useOrigin } from '../../format/origin.ts';
import { ErrorCard } from './error-card.tsx';
import { HeldCard } from './held-card.tsx';
import { History } from './history.tsx';
import { LinkActions } from './link-actions.tsx';
import { LinkFigures } from './link-figures.tsx';
import { MasterKey, useMasterOf } from './master-key.tsx';
import { masterName, OfferedKey } from './offered-key.tsx';
import { SetAside } from './set-aside.tsx';

/** One link: whether the copy is right, what is being done, what needs a person, and what was. */
export function LinkPage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  const id = Number(useParams({ from: '/replication/$list' }).list);
  const links = useLinks({ enabled: pages === true });
  const lists = useWatchLists();
  const list = lists.data?.find((each) => each.id === id) ?? null;
  if (pages === false) return <SwitchedOff title={t('shell.pages.replication')} />;
  return (
    <Loaded query={links}>
      {(found) => {
        const link = found.find((each) => each.slave_dossier_list === id);
        return link ? <OneLink link={link} list={list} /> : <NoLink list={list} />;
      }}
    </Loaded>
  );
}

function OneLink({ link, list }: { link: Link; list: WatchList | null }) {
  const { t } = useTranslation();
  const admin = useMay('admin');
  const name = list?.name ?? String(link.slave_dossier_list);
  const origin = useOrigin();
  const master = useMasterOf(link);
  const { host } = new URL(link.remote_url);
  return (
    <Page
      title={name}
      description={
        <>
          {origin(link, '')}{' '}
          <Anchor underline="always" href={`${link.remote_url}/ui/`}>
            {master === null || masterName(master) === host ? host : t('sites.masters.named', { name: masterName(master), host })}
          </Anchor>
        </>
      }
      actions={admin && <LinkActions link={link} name={name} />}
    >
      <Paper withBorder p="md">
        <Stack gap="xs">
          <div role="status">
            <LinkState link={link} />
          </div>
          {link.progress !== null && <ProgressLine progress={link.progress} />}
          {link.state !== 'unlinking' && <NextRun link={link} />}
          <LinkFigures link={link} />
          {master !== null && <MasterKey master={master} />}
        </Stack>
      </Paper>
      {master !== null && <OfferedKey master={master} />}
      {link.error !== null && (link.held === null || link.error.code !== 'HELD') && (
        <ErrorCard link={link} error={link.error} name={name} />
      )}
      {link.held !== null && <HeldCard link={link} held={link.held} name={name} />}
      <SetAside dossiers={link.set_aside} />
      <History list={link.slave_dossier_list} />
      <Text size="sm">
        <Anchor renderRoot={(props) => <RouterLink {...props} to="/dossiers" search={{ list: link.slave_dossier_list }} />}>
          {t('replication.toDossiers')}
        </Anchor>
      </Text>
    </Page>
  );
}

function NoLink({ list }: { list: WatchList | null }) {
  const { t } = useTranslation();
  return (
    <Page title={list?.name ?? t('shell.pages.replication')}>
      <Empty
        icon={<IconUnlink size={40} />}
        title={t('replication.noLink.title')}
        actions={<Button renderRoot={(props) => <RouterLink {...props} to="/replication" />}>{t('replication.noLink.link')}</Button>}
      >
        {t('replication.noLink.text')}
      </Empty>
    </Page>
  );
}
