import { Group, NativeSelect } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { hasWords } from '../../components/list-options.ts';
import { ListSelect } from '../../components/list-select.tsx';
import { SearchField } from '../../components/search-field.tsx';
import { useNow } from '../../format/moments.ts';
import { siteGroups } from './search.ts';
import type { SiteGroup, SitesSearch } from './search.ts';
import { byUrgency, isIn } from './site-standing.ts';
import type { StandingSite } from './site-standing.ts';

/** The sites by urgency: all, and those that fit what the address says. */
export function useFoundSites(sites: readonly Site[]): { all: StandingSite[]; found: StandingSite[] } {
  const { q, show, list } = useSearch({ from: '/sites' });
  const all = byUrgency(sites, useNow());
  const fits = ({ site, standing }: StandingSite): boolean =>
    (show === undefined || isIn(show, standing)) &&
    (list === undefined || site.lists === null || site.lists.includes(list)) &&
    (q === undefined || hasWords([site.name, site.words, site.address, site.version, site.fingerprint].join(' '), q));
  return { all, found: all.filter(fits) };
}

/** What narrows the sites; kept in the address, so that it can be sent to somebody. */
export function SiteFilters({ sites }: { sites: readonly StandingSite[] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/sites' });
  const navigate = useNavigate({ from: '/sites' });
  const lists = useWatchLists().data ?? [];
  const change = (filter: SitesSearch): void => void navigate({ search: (before) => ({ ...before, ...filter }), replace: true });
  const count = (group: SiteGroup): number => sites.filter(({ standing }) => isIn(group, standing)).length;
  const named = search.list;
  const choices =
    named === undefined || lists.some(({ id }) => id === named)
      ? lists
      : [...lists, { id: named, name: t('sites.noSuchList', { id: named }) }];
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label={t('sites.filters')}>
      <SearchField
        label={t('sites.search')}
        description={t('sites.searchHint')}
        value={search.q}
        onSearch={(q) => change({ q })}
        leftSection={<IconSearch size={16} aria-hidden />}
        w={{ base: '100%', xs: 300 }}
        type="search"
      />
      <NativeSelect
        label={t('sites.show')}
        value={search.show ?? ''}
        onChange={(event) => change({ show: siteGroups.find((group) => group === event.currentTarget.value) })}
        data={[
          { value: '', label: t('common.all') },
          ...siteGroups.map((group) => ({ value: group, label: t(`sites.shown.${group}`, { count: count(group) }) })),
        ]}
      />
      <ListSelect
        label={t('sites.list')}
        lists={choices}
        none={t('sites.anyList')}
        value={named}
        onChange={(list) => change({ list })}
        maw={260}
      />
    </Group>
  );
}
