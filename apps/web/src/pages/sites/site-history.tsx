import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { useSiteHistory } from '../../api/sites.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Name } from '../../components/name.tsx';
import { When } from '../../components/when.tsx';
import { Details } from '../audit/details.tsx';

/** What was done to a site and by it. */
export function SiteHistory({ id }: { id: number }) {
  const { t } = useTranslation();
  const entries = useSiteHistory(id);
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h4">
          {t('sites.history.title')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('sites.history.text')}
        </Text>
      </div>
      <Loaded query={entries}>
        {(data) => {
          const found = data.pages.flatMap((page) => page.results);
          return found.length === 0 ? <Text size="sm">{t('sites.history.none')}</Text> : <Entries entries={found} />;
        }}
      </Loaded>
      {entries.hasNextPage && (
        <Group>
          <Button size="xs" variant="default" loading={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>
            {t('common.more')}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useTranslation();
  const columns: Column<AuditEntry>[] = [
    { title: t('common.when'), cell: ({ date }) => <When time={date} /> },
    { title: t('common.who'), cell: ({ actor }) => <Name>{actor}</Name> },
    {
      title: t('sites.history.what'),
      cell: ({ action, details }) => (
        <>
          <Text size="sm">{t(`audit.actions.${action}`)}</Text>
          <Details details={details} />
        </>
      ),
    },
  ];
  return <DataTable label={t('sites.history.title')} columns={columns} rows={entries} rowKey={({ id }) => id} />;
}
