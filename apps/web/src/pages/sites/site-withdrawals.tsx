import { Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Name } from '../../components/name.tsx';
import { When } from '../../components/when.tsx';

type Withdrawal = Site['withdrawn'][number];

/** Lists that were taken from a site, and whether it has confirmed that its copies are withdrawn, and those that others have from it. */
export function SiteWithdrawals({ site: { withdrawn } }: { site: Site }) {
  const { t } = useTranslation();
  const lists = useWatchLists().data ?? [];
  if (withdrawn.length === 0) return null;
  const nameOf = ({ dossier_list: id }: Withdrawal): string => lists.find((list) => list.id === id)?.name ?? t('sites.reads.gone', { id });
  const columns: Column<Withdrawal>[] = [
    { title: t('sites.withdrawn.list'), cell: (each) => <Name>{nameOf(each)}</Name> },
    {
      title: t('sites.withdrawn.confirmed'),
      cell: ({ acknowledged_date: date, unconfirmed: behind }) =>
        date === null ? (
          <Text size="sm" fw={600}>
            {t('sites.withdrawn.waiting')}
          </Text>
        ) : (
          <>
            <When time={date} />
            {behind !== null && behind > 0 && (
              <Text size="sm" fw={600}>
                {t('sites.withdrawn.behind', { count: behind })}
              </Text>
            )}
          </>
        ),
    },
    { title: t('sites.withdrawn.since'), minor: true, cell: ({ since }) => <When time={since} /> },
    { title: t('sites.withdrawn.copy'), minor: true, cell: ({ purge }) => t(purge ? 'sites.withdrawn.purge' : 'sites.withdrawn.keep') },
  ];
  return (
    <Stack gap="sm">
      <Title order={2} size="h4">
        {t('sites.withdrawn.title')}
      </Title>
      <DataTable
        label={t('sites.withdrawn.title')}
        columns={columns}
        rows={withdrawn.toSorted((a, b) => Number(a.acknowledged_date !== null) - Number(b.acknowledged_date !== null))}
        rowKey={({ dossier_list: list }) => list}
        findKey="withdrawn"
        find={nameOf}
      />
    </Stack>
  );
}
