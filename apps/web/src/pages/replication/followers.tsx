import { Anchor, Stack, Text, Title } from '@mantine/core';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Slave } from '@dossier/protocol/node.ts';
import { useSlaves } from '../../api/masters.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
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
      cell: (slave) => (
        <>
          <FollowerName slave={slave} />
          <Text size="xs" c="dimmed">
            {slave.site_name === null ? slave.node.slice(0, 8) : slave.address}
            {slave.version !== null && ` · ${slave.version}`}
          </Text>
        </>
      ),
    },
    { title: t('dossiers.list'), cell: (slave) => <Name>{slave.name}</Name> },
    { title: t('replication.followers.lastSeen'), cell: (slave) => writing.relative(slave.last_seen, now) },
    { title: t('replication.followers.behind'), cell: (slave) => <Behind slave={slave} /> },
  ];
  return (
    <DataTable
      label={t('overview.followers')}
      columns={columns}
      rows={slaves.toSorted((a, b) => (b.behind ?? Infinity) - (a.behind ?? Infinity))}
      rowKey={(slave) => `${slave.node} ${slave.dossier_list}`}
      find={(slave) => `${slave.site_name ?? ''} ${slave.address} ${slave.name}`}
    />
  );
}

function FollowerName({ slave }: { slave: Slave }) {
  if (slave.site === null) {
    return (
      <Text size="sm" fw={600}>
        {slave.address}
      </Text>
    );
  }
  return (
    <Anchor
      renderRoot={(props) => <RouterLink {...props} to="/sites/$id" params={{ id: String(slave.site) }} data-opens />}
      c="inherit"
      fw={600}
      size="sm"
      className="wrap"
    >
      <Name>{slave.site_name ?? slave.address}</Name>
    </Anchor>
  );
}

function Behind({ slave }: { slave: Slave }) {
  const { t } = useTranslation();
  if (slave.behind === null) return <>{t('replication.followers.knownLater')}</>;
  if (slave.behind === 0) return <>{t('replication.followers.upToDate')}</>;
  return <>{t('overview.behind', { count: slave.behind })}</>;
}
