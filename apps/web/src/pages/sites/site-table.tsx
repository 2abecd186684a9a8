import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useMay } from '../../api/session.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { KeyWords } from '../../components/key-words.tsx';
import { Name } from '../../components/name.tsx';
import { useNow, useWriting } from '../../format/moments.ts';
import type { SiteDialog } from './search.ts';
import { SiteDialogs } from './site-dialogs.tsx';
import { SiteMark, useReads } from './site-mark.tsx';
import type { StandingSite } from './site-standing.ts';

const shownAtOnce = 50;

/** The sites, those that wait for a person with their words and the two answers to give. */
export function SiteTable({ sites }: { sites: readonly StandingSite[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const now = useNow();
  const reads = useReads();
  const admin = useMay('admin');
  const [most, setMost] = useState(shownAtOnce);
  const [opened, setOpened] = useState<{ id: number; dialog: SiteDialog } | null>(null);
  const inDialog = sites.find(({ site }) => site.id === opened?.id)?.site;
  const shown = sites.slice(0, most);
  const columns: Column<StandingSite>[] = [
    { title: t('sites.site'), cell: ({ site }) => <SiteName site={site} /> },
    {
      title: t('sites.health'),
      cell: ({ site, standing }) => (
        <Stack gap={6}>
          <SiteMark site={site} standing={standing} />
          {standing === 'waiting' && site.words !== null && <KeyWords words={site.words} />}
          {standing === 'waiting' && admin && (
            <Group gap={6}>
              <Button size="compact-sm" onClick={() => setOpened({ id: site.id, dialog: 'accept' })}>
                {t('sites.accept.open')}
              </Button>
              <Button size="compact-sm" variant="default" onClick={() => setOpened({ id: site.id, dialog: 'refuse' })}>
                {t('sites.refuse.open')}
              </Button>
            </Group>
          )}
        </Stack>
      ),
    },
    { title: t('sites.lists'), minor: true, cell: ({ site, standing }) => standing !== 'waiting' && reads(site) },
    {
      title: t('sites.seen'),
      minor: true,
      cell: ({ site }) => (site.last_seen === null ? t('common.never') : writing.relative(site.last_seen, now)),
    },
    { title: t('sites.version'), minor: true, cell: ({ site }) => site.version ?? '' },
  ];
  return (
    <Stack gap="sm">
      {shown.length > 0 && <DataTable label={t('shell.pages.sites')} columns={columns} rows={shown} rowKey={({ site }) => site.id} />}
      <Group gap="sm" role="status">
        {sites.length === 0 && <Text size="sm">{t('sites.nothingFound')}</Text>}
        {shown.length < sites.length && (
          <Text size="sm" c="dimmed">
            {t('sites.someShown', { shown: writing.number(shown.length), total: writing.number(sites.length) })}
          </Text>
        )}
      </Group>
      {shown.length < sites.length && (
        <Group>
          <Button size="xs" variant="default" onClick={() => setMost(most + shownAtOnce)}>
            {t('common.more')}
          </Button>
        </Group>
      )}
      {inDialog && opened && <SiteDialogs site={inDialog} opened={opened.dialog} onClose={() => setOpened(null)} />}
    </Stack>
  );
}

function SiteName({ site }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <>
      <Anchor
        renderRoot={(props) => <Link {...props} to="/sites/$id" params={{ id: String(site.id) }} data-opens />}
        c="inherit"
        fw={600}
        size="sm"
        className="wrap"
      >
        <Name>{site.name}</Name>
      </Anchor>
      {site.address !== null && (
        <Text size="xs" c="dimmed" className="wrap">
          {site.address}
        </Text>
      )}
      {site.speaks_by === 'token' && (
        <Text size="xs" c="dimmed">
          {t('sites.tokenOnly')}
        </Text>
      )}
    </>
  );
}
