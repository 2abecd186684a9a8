import { Button, Paper, Stack, Title } from '@mantine/core';
import { IconTopologyStar } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useReplicationPages } from '../../api/node.ts';
import { Problem } from '../../api/problem.ts';
import { useMay } from '../../api/session.ts';
import { useSite } from '../../api/sites.ts';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { useNow } from '../../format/moments.ts';
import type { SiteDialog } from './search.ts';
import { SiteActions } from './site-actions.tsx';
import { SiteDialogs } from './site-dialogs.tsx';
import { SiteFacts } from './site-facts.tsx';
import { SiteHistory } from './site-history.tsx';
import { SiteHoldings } from './site-holdings.tsx';
import { SiteMark } from './site-mark.tsx';
import { SiteNotice } from './site-notice.tsx';
import { SiteReads } from './site-reads.tsx';
import { SiteWithdrawals } from './site-withdrawals.tsx';
import { standingOf } from './site-standing.ts';

/** One site: how it is, what needs a person, who it is, what it may read, what it signed that it holds, and what was. */
export function SitePage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  const id = Number(useParams({ from: '/sites/$id' }).id);
  const { open } = useSearch({ from: '/sites/$id' });
  const site = useSite(id);
  if (pages === false) return <SwitchedOff title={t('shell.pages.sites')} />;
  const isGone = site.error instanceof Problem && site.error.status === 404;
  // The dialog by which it went has more to say.
  if (isGone && (site.data === undefined || open === undefined)) return <NoSuchSite />;
  return <Loaded query={site}>{(found) => <OneSite site={found} />}</Loaded>;
}

function OneSite({ site }: { site: Site }) {
  const { t } = useTranslation();
  const { open } = useSearch({ from: '/sites/$id' });
  const navigate = useNavigate({ from: '/sites/$id' });
  const admin = useMay('admin');
  const standing = standingOf(site, useNow());
  const show = (dialog?: SiteDialog): void => void navigate({ search: (before) => ({ ...before, open: dialog }), replace: true });
  return (
    <Page title={site.name} actions={admin && <SiteActions site={site} standing={standing} onOpen={show} />}>
      <Paper withBorder p="md" role="status">
        <SiteMark site={site} standing={standing} />
      </Paper>
      <SiteNotice site={site} standing={standing} onOpen={admin ? show : null} />
      <Part title={t('sites.facts.title')}>
        <SiteFacts site={site} />
      </Part>
      <Part title={t('sites.reads.title')}>
        <SiteReads site={site} />
      </Part>
      <SiteWithdrawals site={site} />
      <SiteHoldings site={site} />
      {admin && <SiteHistory id={site.id} />}
      {admin && open !== undefined && <SiteDialogs site={site} opened={open} onClose={() => show()} />}
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {title}
      </Title>
      <Paper withBorder p="md">
        {children}
      </Paper>
    </Stack>
  );
}

function NoSuchSite() {
  const { t } = useTranslation();
  return (
    <Page title={t('sites.noSuchSite.title')}>
      <Empty
        icon={<IconTopologyStar size={40} />}
        title={t('sites.noSuchSite.title')}
        actions={<Button renderRoot={(props) => <Link {...props} to="/sites" />}>{t('sites.noSuchSite.link')}</Button>}
      >
        {t('sites.noSuchSite.text')}
      </Empty>
    </Page>
  );
}
