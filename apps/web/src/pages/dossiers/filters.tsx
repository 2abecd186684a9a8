import { Group, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { orderings } from './orderings.ts';
import type { Ordering } from './orderings.ts';
import { SearchBox } from './search-box.tsx';
import type { DossierSearch } from './search.ts';

const typingPauseMs = 250;

/** What narrows and orders the dossiers; kept in the address, so that it can be sent to somebody. */
export function Filters({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const change = (filter: DossierSearch): void => void navigate({ search: (before) => ({ ...before, ...filter }), replace: true });
  const changeSoon = useDebouncedCallback(change, typingPauseMs);
  const given = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim());
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label={t('dossiers.filters')}>
      <SearchBox value={search.q ?? ''} onSearch={(text) => change({ q: given(text) })} />
      <NativeSelect
        label={t('dossiers.list')}
        value={search.list ?? ''}
        onChange={(event) => change({ list: event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value) })}
        data={[{ value: '', label: t('dossiers.allLists') }, ...lists.map(({ id, name }) => ({ value: String(id), label: name }))]}
        maw={260}
      />
      <TextInput
        label={t('dossiers.externalId')}
        defaultValue={search.external ?? ''}
        onChange={(event) => changeSoon({ external: given(event.currentTarget.value) })}
        w={140}
      />
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
        // What is searched for comes by how well it fits.
        value={search.q === undefined ? (search.order ?? 'id') : ''}
        disabled={search.q !== undefined}
        onChange={(event) => change({ order: event.currentTarget.value as Ordering })}
        data={
          search.q === undefined
            ? orderings.map((value) => ({ value, label: t(`dossiers.orders.${value}`) }))
            : [{ value: '', label: t('dossiers.bestFirst') }]
        }
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
