import { Button } from '@mantine/core';
import { IconMailPlus, IconTopologyStar } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Trans, useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useNode, useReplicationPages } from '../../api/node.ts';
import { useMay } from '../../api/session.ts';
import { useSites } from '../../api/sites.ts';
import { Empty } from '../../components/empty.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SwitchedOff } from '../../components/switched-off.tsx';
import { SiteFilters, useFoundSites } from './site-filters.tsx';
import { SiteTable } from './site-table.tsx';

const InviteDialog = lazy(async () => ({ default: (await import('./invite-dialog.tsx')).InviteDialog }));

/** Who copies this node's lists: all sites at a glance. */
export function SitesPage() {
  const { t } = useTranslation();
  const pages = useReplicationPages();
  if (pages === false) return <SwitchedOff title={t('shell.pages.sites')} />;
  return <Sites />;
}

function Sites() {
  const { t } = useTranslation();
  const { invite } = useSearch({ from: '/sites' });
  const navigate = useNavigate({ from: '/sites' });
  const admin = useMay('admin');
  const sites = useSites();
  const show = (opened: boolean): void => void navigate({ search: (before) => ({ ...before, invite: opened ? true : undefined }) });
  const button = admin && (
    <Button leftSection={<IconMailPlus size={18} aria-hidden />} onClick={() => show(true)}>
      {t('sites.invite.open')}
    </Button>
  );
  return (
    <Page title={t('shell.pages.sites')} description={<Description />} actions={button}>
      <Loaded query={sites}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={<IconTopologyStar size={40} />} title={t('sites.empty.title')}>
              {t(admin ? 'sites.empty.text' : 'sites.empty.viewer')}
            </Empty>
          ) : (
            <Found sites={found} />
          )
        }
      </Loaded>
      {admin && invite === true && (
        <Suspense>
          <InviteDialog onClose={() => show(false)} />
        </Suspense>
      )}
    </Page>
  );
}

function Description() {
  const { t } = useTranslation();
  const words = useNode().data?.words;
  return (
    <>
      {t('sites.description')}{' '}
      {words && <Trans t={t} i18nKey="sites.own" values={{ words }} components={{ b: <KeyWords words={words} /> }} />}
    </>
  );
}

function Found({ sites }: { sites: readonly Site[] }) {
  const { all, found } = useFoundSites(sites);
  return (
    <>
      <SiteFilters sites={all} />
      <SiteTable sites={found} />
    </>
  );
}
