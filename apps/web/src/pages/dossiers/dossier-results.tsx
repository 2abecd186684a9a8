import { Group, Loader, Text } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { DossierSearch } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useWriting } from '../../format/moments.ts';
import { BulkBar } from './bulk-bar.tsx';
import { DossierTable } from './dossier-table.tsx';
import { filterOf, isFiltered, queryOf } from './filter.ts';
import { PhotoGrid } from './photo-grid.tsx';
import type { DossierSearch as DossierFilters } from './search.ts';
import { SearchNotes } from './search-notes.tsx';
import { useSelection } from './selection.ts';

/** What fits the filters, page after page as it is scrolled to. */
export function DossierResults({ lists, editable }: { lists: readonly WatchList[]; editable: boolean }) {
  const search = useSearch({ from: '/dossiers' });
  const pages = useDossierPages(queryOf(search));
  const dossiers = pages.data?.pages.flatMap((page) => page.results) ?? [];
  const selection = useSelection(dossiers, JSON.stringify([filterOf(search), search.order]));
  if (search.list !== undefined && !lists.some(({ id }) => id === search.list)) return <NoSuchList id={search.list} />;
  const loadMore = (): void => {
    // Scrolling asks again before this page is drawn anew: the page that is on its way must not be dropped for that.
    if (pages.hasNextPage && !pages.isFetchNextPageError) void pages.fetchNextPage({ cancelRefetch: false });
  };
  const View = search.view === 'photos' ? PhotoGrid : DossierTable;
  return (
    <div>
      {editable && search.view !== 'photos' && (
        <BulkBar selection={selection} filter={filterOf(search)} more={pages.hasNextPage} lists={lists} />
      )}
      <Loaded query={pages}>
        {(data) => {
          const answer = data.pages[0]?.search;
          const total = answer?.total ?? (pages.hasNextPage ? wholeOf(search, lists) : dossiers.length);
          return (
            <>
              {answer && <SearchNotes answer={answer} lists={lists} />}
              {dossiers.length === 0 ? (
                <Nothing filtered={isFiltered(search)} editable={editable} />
              ) : (
                <>
                  <View dossiers={dossiers} lists={lists} total={total} onNearEnd={loadMore} selection={editable ? selection : null} />
                  {pages.isFetchNextPageError && <ProblemAlert error={pages.error} onRetry={() => void pages.fetchNextPage()} />}
                  <Group gap="xs" mt="xs" role="status">
                    <HowMany answer={answer} loaded={dossiers.length} more={pages.hasNextPage} total={total} />
                    {pages.isFetching && <Loader size="xs" aria-hidden />}
                  </Group>
                </>
              )}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

/** How many there are of a list that is asked for as a whole; null for everything else. */
function wholeOf(search: DossierFilters, lists: readonly WatchList[]): number | null {
  return isFiltered(search) ? null : (lists.find(({ id }) => id === search.list)?.dossier_count ?? null);
}

interface HowManyProps {
  /** What a search by words said. */
  readonly answer: DossierSearch | undefined;
  readonly loaded: number;
  /** Whether there are more than are loaded. */
  readonly more: boolean;
  /** How many there are together; null where nobody knows. */
  readonly total: number | null;
}

function HowMany({ answer, loaded, more, total }: HowManyProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const shown = writing.number(loaded);
  const words = (): string => {
    if (answer) {
      return t(answer.total_is_more ? 'dossiers.foundMore' : 'dossiers.found', {
        count: answer.total,
        shown: writing.number(answer.total),
      });
    }
    if (!more) return t('dossiers.loadedAll', { count: loaded, shown });
    if (total === null) return t('dossiers.loadedSome', { count: loaded, shown });
    return t('dossiers.loadedOf', { shown, total: writing.number(total) });
  };
  return (
    <Text size="sm" c="dimmed">
      {words()}
    </Text>
  );
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
    <Empty icon={<IconFolderOff size={40} />} title={t(filtered ? 'dossiers.empty.filteredTitle' : 'dossiers.empty.title')}>
      {t(text)}
    </Empty>
  );
}
