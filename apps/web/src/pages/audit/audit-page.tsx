import { Button, Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { IconListSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { auditActions, auditWays } from '@dossier/domain/audit.ts';
import type { AuditEntry } from '@dossier/protocol/audit.ts';
import { inPlace } from '../../address.ts';
import { useAudit } from '../../api/audit.ts';
import { AuditExport } from './audit-export.tsx';
import { Details } from './details.tsx';
import { Changes } from '../../components/changes.tsx';
import { DataTable } from '../../components/data-table.tsx';
import type { Column } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SearchField } from '../../components/search-field.tsx';
import { When } from '../../components/when.tsx';
import { Name } from '../../components/name.tsx';
import type { AuditSearch } from './search.ts';

/** Who did what, when and from where. */
export function AuditPage() {
  const { t } = useTranslation();
  const { actor, action, via, since, until } = useSearch({ from: '/audit' });
  const asked = {
    actor,
    // An address may ask for what there is none of.
    action: auditActions.find((each) => each === action),
    via: auditWays.find((each) => each === via),
    since: dayBegins(since),
    until: dayBegins(until),
  };
  const entries = useAudit(asked);
  return (
    <Page title={t('shell.pages.audit')} description={t('audit.description')} actions={<AuditExport filter={asked} />}>
      <Filters />
      <Loaded query={entries}>
        {(data) => {
          const found = data.pages.flatMap((page) => page.results);
          if (found.length === 0) {
            return (
              <Empty icon={<IconListSearch size={40} />} title={t('common.nothingFits')}>
                {t('audit.empty.text')}
              </Empty>
            );
          }
          return (
            <>
              <EntryTable entries={found} />
              {entries.hasNextPage && (
                <Button variant="default" loading={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>
                  {t('common.more')}
                </Button>
              )}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

/** Where a day of the calendar begins in the browser's zone, in which the times of the entries are shown. */
function dayBegins(day: string | undefined): string | undefined {
  return day === undefined ? undefined : new Date(`${day}T00:00:00`).toISOString();
}

/** What narrows the entries; kept in the address. */
function Filters() {
  const { t } = useTranslation();
  const filter = useSearch({ from: '/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const onChange = (facts: AuditSearch): void => void navigate({ search: (before) => ({ ...before, ...facts }), ...inPlace });
  const given = (text: string): string | undefined => (text === '' ? undefined : text);
  return (
    <Group gap="sm" role="search" aria-label={t('dossiers.filters')}>
      <SearchField label={t('common.who')} type="search" value={filter.actor} onSearch={(actor) => onChange({ actor })} w={150} />
      <NativeSelect
        label={t('audit.action')}
        value={filter.action ?? ''}
        onChange={(event) => onChange({ action: given(event.currentTarget.value) })}
        data={[{ value: '', label: t('common.all') }, ...auditActions.map((value) => ({ value, label: t(`audit.actions.${value}`) }))]}
      />
      <NativeSelect
        label={t('audit.via')}
        value={filter.via ?? ''}
        onChange={(event) => onChange({ via: given(event.currentTarget.value) })}
        data={[{ value: '', label: t('common.all') }, ...auditWays.map((value) => ({ value, label: t(`audit.ways.${value}`) }))]}
      />
      <TextInput
        label={t('audit.since')}
        type="date"
        value={filter.since ?? ''}
        onChange={(event) => onChange({ since: given(event.currentTarget.value) })}
      />
      <TextInput
        label={t('audit.until')}
        type="date"
        value={filter.until ?? ''}
        onChange={(event) => onChange({ until: given(event.currentTarget.value) })}
      />
    </Group>
  );
}

function EntryTable({ entries }: { entries: readonly AuditEntry[] }) {
  const { t } = useTranslation();
  const columns: Column<AuditEntry>[] = [
    { title: t('common.when'), cell: (entry) => <When time={entry.date} /> },
    {
      title: t('common.who'),
      cell: (entry) => (
        <Text size="sm" fw={600} className="wrap">
          <Name>{entry.actor}</Name>
        </Text>
      ),
    },
    { title: t('audit.action'), cell: (entry) => t(`audit.actions.${entry.action}`) },
    {
      title: t('audit.object'),
      cell: ({ object, details, before, after }) => (
        <>
          <Text size="sm" className="wrap" maw={420}>
            {t(`audit.objects.${object.kind}`)} <Name>{object.name ?? object.id ?? ''}</Name>
          </Text>
          <Details details={details} />
          <Changes before={before} after={after} of={object.kind === 'watch-list' ? 'list' : 'dossier'} />
        </>
      ),
    },
    {
      title: t('audit.via'),
      minor: true,
      cell: (entry) => `${t(`audit.ways.${entry.via}`)}${entry.address === null ? '' : ` · ${entry.address}`}`,
    },
  ];
  return <DataTable label={t('shell.pages.audit')} columns={columns} rows={entries} rowKey={(entry) => entry.id} />;
}
