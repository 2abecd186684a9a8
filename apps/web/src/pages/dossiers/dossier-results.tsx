import { Group, Loader } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { BulkBar } from './bulk-bar.tsx';
import { DossierTable } from './dossier-table.tsx';
import { filterOf, isFiltered, queryOf } from './filter.ts';
import { HowMany, useTotal } from './how-many.tsx';
import { PhotoGrid } from './photo-grid.tsx';
import type { DossierSearch } from './search.ts';
import { SearchNotes } from './search-notes.tsx';
import { useSelection } from './selection.ts';

/** What fits the filters, page after page as it is scrolled to. */
export function DossierResults({ lists, editable }: { lists: readonly WatchList[]; editable: boolean }) {
  const search = useSearch({ from: '/dossiers' });
  const pages = useDossierPages(queryOf(search));
  const dossiers = pages.data?.pages.flatMap((page) => page.results) ?? [];
  // Copies that differ have one id.
  const loaded = new Set(dossiers.map(({ id }) => id)).size;
  const total = useTotal({ search, lists, loaded, more: pages.hasNextPage });
  const selection = useSelection(dossiers, JSON.stringify([filterOf(search), search.order]));
  if (search.list !== undefined && !lists.some(({ id }) => id === search.list)) return <NoSuchList id={search.list} />;
  const loadMore = (): void => {
    // Scrolling asks again before this page is drawn anew: the page that is on its way must not be dropped for that.
    if (pages.hasNextPage && !pages.isFetchNextPageError) void pages.fetchNextPage({ cancelRefetch: false });
  };
  const View = search.view === 'photos' ? PhotoGrid : DossierTable;
  return (
    <div>
      {search.view !== 'photos' && (
        <BulkBar
          selection={selection}
          dossiers={dossiers}
          filter={filterOf(search)}
          more={pages.hasNextPage}
          lists={lists}
          editable={editable}
        />
      )}
      <Loaded query={pages}>
        {(data) => {
          const answer = data.pages[0]?.search;
          return (
            <>
              {answer && <SearchNotes answer={answer} lists={lists} />}
              {dossiers.length === 0 ? (
                <Nothing filtered={isFiltered(search)} editable={editable} />
              ) : (
                <>
                  <Group gap="xs" mb="xs" role="status">
                    <HowMany answer={answer} loaded={loaded} more={pages.hasNextPage} total={total} />
                    {pages.isFetching && <Loader size="xs" aria-hidden />}
                  </Group>
                  <View
                    dossiers={dossiers}
                    lists={lists}
                    total={answer?.total ?? rowsOf({ search, total, rows: dossiers.length, more: pages.hasNextPage })}
                    onNearEnd={loadMore}
                    selection={selection}
                  />
                  {pages.isFetchNextPageError && <ProblemAlert error={pages.error} onRetry={() => void pages.fetchNextPage()} />}
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

interface Rows {
  readonly search: DossierSearch;
  readonly total: number | null;
  readonly rows: number;
  readonly more: boolean;
}

/** How many rows there will be: of one list as many as dossiers; of several that is known only of what is loaded, as copies that differ are rows of their own. */
function rowsOf({ search, total, rows, more }: Rows): number | null {
  if (!more) return rows;
  return search.list === undefined ? null : total;
}

function NoSuchList({ id }: { id: number }) {
  const { t } = useTranslation();
  return (
    <Empty icon={<IconFolderOff size={40} />} title={t('dossiers.noSuchList', { id })}>
      {t('dossiers.empty.noSuchList')}
    </Empty>
  );
}

function Nothing({ filtered, editable }: { filtered: boolean; editable: boolean }) {
  const { t } = useTranslation();
  const text = filtered ? 'dossiers.empty.filtered' : editable ? 'dossiers.empty.text' : 'dossiers.empty.textReader';
  return (
    <Empty icon={<IconFolderOff size={40} />} title={t(filtered ? 'common.nothingFits' : 'dossiers.empty.title')}>
      {t(text)}
    </Empty>
  );
}
