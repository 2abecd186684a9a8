import { Group, NativeSelect, SegmentedControl } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { shownText } from '@dossier/domain/shown-text.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { SearchField } from '../../components/search-field.tsx';
import { orderings } from './orderings.ts';
import type { Ordering } from './orderings.ts';
import type { DossierSearch } from './search.ts';

/** What narrows and orders the dossiers; kept in the address, so that it can be sent to somebody. */
export function Filters({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const change = (filter: DossierSearch): void => void navigate({ search: (before) => ({ ...before, ...filter }), replace: true });
  const known = lists.some(({ id }) => id === search.list);
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label={t('dossiers.filters')}>
      <SearchField
        label={t('dossiers.nameContains')}
        value={search.name}
        onSearch={(name) => change({ name })}
        leftSection={<IconSearch size={16} aria-hidden />}
        w={{ base: '100%', xs: 220 }}
        type="search"
      />
      <NativeSelect
        label={t('dossiers.list')}
        value={search.list ?? ''}
        onChange={(event) => change({ list: event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value) })}
        data={[
          { value: '', label: t('dossiers.allLists') },
          ...lists.map(({ id, name }) => ({ value: String(id), label: shownText(name) })),
          ...(search.list === undefined || known
            ? []
            : [{ value: String(search.list), label: t('dossiers.noSuchList', { id: search.list }) }]),
        ]}
        maw={260}
      />
      <SearchField label={t('dossiers.externalId')} value={search.external} onSearch={(external) => change({ external })} w={140} />
      <NativeSelect
        label={t('dossiers.state')}
        value={search.active === undefined ? '' : String(search.active)}
        onChange={(event) => change({ active: event.currentTarget.value === '' ? undefined : event.currentTarget.value === 'true' })}
        data={[
          { value: '', label: t('common.all') },
          { value: 'true', label: t('dossiers.active') },
          { value: 'false', label: t('dossiers.inactive') },
        ]}
      />
      <NativeSelect
        label={t('dossiers.validity')}
        value={search.valid ?? ''}
        onChange={(event) => change({ valid: event.currentTarget.value === 'now' ? 'now' : undefined })}
        data={[
          { value: '', label: t('common.all') },
          { value: 'now', label: t('dossiers.validNow') },
        ]}
      />
      <NativeSelect
        label={t('dossiers.order')}
        value={search.order ?? 'id'}
        onChange={(event) => change({ order: event.currentTarget.value as Ordering })}
        data={orderings.map((value) => ({ value, label: t(`dossiers.orders.${value}`) }))}
      />
      <SegmentedControl
        ml="auto"
        aria-label={t('dossiers.view')}
        value={search.view ?? 'table'}
        onChange={(view) => change({ view: view === 'photos' ? 'photos' : undefined })}
        data={[
          { value: 'table', label: t('dossiers.table') },
          { value: 'photos', label: t('dossiers.photos') },
        ]}
      />
    </Group>
  );
}
