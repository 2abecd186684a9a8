import { Button, Group, NativeSelect, SegmentedControl } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconFilter, IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { inPlace } from '../../address.ts';
import { ListSelect } from '../../components/list-select.tsx';
import { SearchField } from '../../components/search-field.tsx';
import classes from './filters.module.css';
import { orderings } from './orderings.ts';
import type { Ordering } from './orderings.ts';
import type { DossierSearch } from './search.ts';
import { ViewsMenu } from './views-menu.tsx';

const longestSearch = 256;

/** What narrows and orders the dossiers; kept in the address, so that it can be sent to somebody. */
export function Filters({ lists }: { lists: readonly WatchList[] }) {
  const { t } = useTranslation();
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const change = (filter: DossierSearch): void => void navigate({ search: (before) => ({ ...before, ...filter }), ...inPlace });
  const [opened, { toggle }] = useDisclosure(false);
  const rest = useId();
  const set = [search.list, search.external, search.active, search.valid, search.order].filter((value) => value !== undefined).length;
  return (
    <Group align="flex-end" gap="sm" role="search" aria-label={t('dossiers.filters')}>
      <SearchField
        label={t('dossiers.search')}
        description={t('dossiers.searchHint')}
        value={search.q}
        onSearch={(q) => change({ q })}
        maxLength={longestSearch}
        leftSection={<IconSearch size={16} aria-hidden />}
        w={{ base: '100%', sm: 320 }}
        type="search"
        aria-keyshortcuts="/"
      />
      <Button
        variant="default"
        className={classes.fold ?? ''}
        leftSection={<IconFilter size={16} aria-hidden />}
        aria-expanded={opened}
        aria-controls={rest}
        onClick={toggle}
      >
        {set === 0 ? t('dossiers.filters') : `${t('dossiers.filters')} (${set})`}
      </Button>
      <ViewsMenu />
      <div id={rest} className={classes.rest} data-opened={opened}>
        <FilterFields lists={lists} search={search} change={change} />
      </div>
    </Group>
  );
}

interface FilterFieldsProps {
  readonly lists: readonly WatchList[];
  readonly search: DossierSearch;
  readonly change: (filter: DossierSearch) => void;
}

/** What narrows and orders besides the search. */
function FilterFields({ lists, search, change }: FilterFieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <ListSelect
        label={t('dossiers.list')}
        lists={lists}
        none={t('dossiers.allLists')}
        value={search.list}
        onChange={(list) => change({ list })}
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
    </>
  );
}
