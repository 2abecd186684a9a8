import { Alert, Anchor, List, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { Link as RouterLink } from '@tanstack/react-router';
import { Trans, useTranslation } from 'react-i18next';
import type { Slave } from '@dossier/protocol/node.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { SiteName } from '../../components/site-name.tsx';
import { When } from '../../components/when.tsx';
import { useNow, useWriting } from '../../format/moments.ts';
import { HealthMark } from './health-mark.tsx';
import { healths, sitesOf } from './site-health.ts';
import type { Reading, Site } from './site-health.ts';

const namedLists = 3;

/** Who reads the lists of this master, and whether each has what it should have: what needs a look first. */
export function Sites({ slaves }: { slaves: readonly Slave[] }) {
  const { t } = useTranslation();
  const sites = sitesOf(slaves, useNow());
  const columns: Column<Site>[] = [
    { title: t('siteHealth.site'), sort: { key: 'site', of: (site) => site.address }, cell: (site) => <Who site={site} /> },
    {
      title: t('replication.state'),
      sort: { key: 'health', of: ({ health }) => healths.indexOf(health) },
      cell: (site) => <State site={site} />,
    },
    {
      title: t('siteHealth.lists'),
      sort: { key: 'lists', of: ({ readings }) => readings.length },
      cell: ({ readings }) => <Lists readings={readings} />,
    },
    {
      title: t('siteHealth.lastSeen'),
      minor: true,
      sort: { key: 'seen', of: ({ lastSeen }) => lastSeen },
      cell: ({ lastSeen }) => <When time={lastSeen} />,
    },
  ];
  return (
    <Stack gap="md">
      <SitesVerdict sites={sites} />
      <Title order={2} size="h4">
        {t('siteHealth.title')}
      </Title>
      <DataTable
        label={t('siteHealth.title')}
        columns={columns}
        rows={sites}
        rowKey={({ node }) => node}
        find={({ name, address, node, readings }) => [name, address, node, ...readings.map(({ slave }) => slave.name)].join(' ')}
      />
    </Stack>
  );
}

/** One look: does every site have what it should have, and if not, how many don't. */
function SitesVerdict({ sites }: { sites: readonly Site[] }) {
  const { t } = useTranslation();
  const counts = (['silent', 'stuck', 'dropped', 'unknown'] as const)
    .map((health) => ({ health, count: sites.filter((site) => site.health === health).length }))
    .filter(({ count }) => count > 0);
  const worst = counts[0]?.health;
  const colour = worst === undefined ? 'green' : worst === 'silent' || worst === 'stuck' ? 'red' : 'yellow';
  const Icon = worst === undefined ? IconCircleCheck : IconAlertTriangle;
  return (
    <Alert color={colour} icon={<Icon aria-hidden />} role="status">
      {counts.length === 0 && <Text fw={600}>{t('siteHealth.allWell', { count: sites.length })}</Text>}
      {counts.map(({ health, count }) => (
        <Text key={health} fw={600}>
          {t(`siteHealth.summary.${health}`, { count })}
        </Text>
      ))}
    </Alert>
  );
}

function Who({ site }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <>
      <SiteName site={site.id} name={site.name} address={site.address} />
      <Text size="xs" c="dimmed">
        {site.name === null ? t('siteHealth.node', { id: site.node.slice(0, 8) }) : site.address}
        {site.version !== null && ` · ${t('siteHealth.version', { version: site.version })}`}
      </Text>
    </>
  );
}

function State({ site: { health, since, behind } }: { site: Site }) {
  const { t } = useTranslation();
  return (
    <>
      <HealthMark health={health} />
      {since !== null && (
        <Text size="sm">
          <Trans
            t={t}
            i18nKey={health === 'waiting' ? 'siteHealth.changedSince' : health === 'complete' ? 'siteHealth.at' : 'siteHealth.since'}
            components={{ time: <When time={since} /> }}
          />
        </Text>
      )}
      {behind !== null && behind > 0 && <Text size="sm">{t('overview.behind', { count: behind })}</Text>}
    </>
  );
}

/** The lists that a site reads, the worst first, some of them by name. */
function Lists({ readings }: { readings: readonly Reading[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  return (
    <List size="sm" listStyleType="none">
      {readings.slice(0, namedLists).map(({ slave, health }) => (
        <List.Item key={slave.dossier_list}>
          <Anchor size="sm" renderRoot={(props) => <RouterLink {...props} to="/dossiers" search={{ list: slave.dossier_list }} />}>
            <Name>{slave.name}</Name>
          </Anchor>
          {health !== 'complete' && (
            <Text span size="xs" c="dimmed">
              {' · '}
              {t(`siteHealth.states.${health}`)}
            </Text>
          )}
        </List.Item>
      ))}
      {readings.length > namedLists && (
        <List.Item>{t('siteHealth.moreLists', { shown: writing.number(readings.length - namedLists) })}</List.Item>
      )}
    </List>
  );
}
