import { Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Slave } from '@dossier/protocol/node.ts';
import { useSlaves } from '../../api/masters.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
import { SiteName } from '../../components/site-name.tsx';
import { useNow, useWriting } from '../../format/moments.ts';

/** The master's side: which slave follows which list, when it was last seen and how far it is behind. */
export function Followers() {
  const { t } = useTranslation();
  const slaves = useSlaves({ enabled: true });
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t('overview.followers')}
      </Title>
      <Loaded query={slaves}>
        {(found) => (found.length === 0 ? <Text c="dimmed">{t('replication.followers.none')}</Text> : <FollowerTable slaves={found} />)}
      </Loaded>
    </Stack>
  );
}

function FollowerTable({ slaves }: { slaves: readonly Slave[] }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const now = useNow();
  const columns: Column<Slave>[] = [
    {
      title: t('replication.followers.slave'),
      sort: { key: 'slave', of: (slave) => slave.site_name ?? slave.address },
      cell: (slave) => (
        <>
          <SiteName site={slave.site} name={slave.site_name} address={slave.address} />
          <Text size="xs" c="dimmed">
            {slave.site_name === null ? slave.node.slice(0, 8) : slave.address}
            {slave.version !== null && ` · ${slave.version}`}
          </Text>
        </>
      ),
    },
    { title: t('dossiers.list'), sort: { key: 'followed', of: (slave) => slave.name }, cell: (slave) => <Name>{slave.name}</Name> },
    {
      title: t('replication.followers.lastSeen'),
      sort: { key: 'seen', of: (slave) => slave.last_seen },
      cell: (slave) => writing.relative(slave.last_seen, now),
    },
    {
      title: t('replication.followers.behind'),
      sort: { key: 'behind', of: (slave) => slave.behind },
      cell: (slave) => <Behind slave={slave} />,
    },
  ];
  return (
    <DataTable
      label={t('overview.followers')}
      columns={columns}
      rows={slaves.toSorted((a, b) => (b.behind ?? Infinity) - (a.behind ?? Infinity))}
      rowKey={(slave) => `${slave.node} ${slave.dossier_list}`}
      findKey="sites"
      find={(slave) => `${slave.site_name ?? ''} ${slave.address} ${slave.name}`}
    />
  );
}

function Behind({ slave }: { slave: Slave }) {
  const { t } = useTranslation();
  if (slave.behind === null) return <>{t('replication.followers.knownLater')}</>;
  if (slave.behind === 0) return <>{t('replication.followers.upToDate')}</>;
  return <>{t('overview.behind', { count: slave.behind })}</>;
}
