import { Group, Loader, Text } from '@mantine/core';
import { IconFolderOff } from '@tabler/icons-react';
import { useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import type { BulkFilter } from '../../api/bulk.ts';
import { useDossierPages } from '../../api/dossiers.ts';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useWriting } from '../../format/moments.ts';
import { BulkBar } from './bulk-bar.tsx';
import { DossierTable } from './dossier-table.tsx';
import { PhotoGrid } from './photo-grid.tsx';
import { SearchNotes } from './search-notes.tsx';
import { useSelection } from './selection.ts';
import type { DossierSearch } from './search.ts';

function isFiltered(search: DossierSearch): boolean {
  return search.q !== undefined || search.external !== undefined || search.active !== undefined || search.valid !== undefined;
}

/** The filter as it stands in a request that is about all that it finds. */
function bulkFilterOf({ list, q, external, active, valid }: DossierSearch): BulkFilter {
  return {
    ...(list !== undefined && { dossier_lists: [list] }),
    ...(q !== undefined && { q }),
    ...(external !== undefined && { external_id: external }),
    ...(active !== undefined && { active }),
    valid: valid ?? 'all',
  };
}

/** What fits the filters, page after page as it is scrolled to. */
export function DossierResults({ lists, editable }: { lists: readonly WatchList[]; editable: boolean }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const search = useSearch({ from: '/dossiers' });
  const pages = useDossierPages({
    dossier_lists: search.list,
    q: search.q,
    external_id: search.external,
    active: search.active,
    // People see also what isn't valid any more, or not yet, and by a mark that it isn't.
    valid: search.valid ?? 'all',
    ordering: search.q === undefined ? (search.order ?? 'id') : undefined,
  });
  const dossiers = pages.data?.pages.flatMap((page) => page.results) ?? [];
  const selection = useSelection(dossiers, JSON.stringify([bulkFilterOf(search), search.order]));
  const filtered = isFiltered(search);
  const total = filtered || search.list === undefined ? null : (lists.find((list) => list.id === search.list)?.dossier_count ?? null);
  if (search.list !== undefined && !lists.some(({ id }) => id === search.list)) return <NoSuchList id={search.list} />;
  return (
    <div>
      {editable && search.view !== 'photos' && (
        <BulkBar selection={selection} filter={bulkFilterOf(search)} more={pages.hasNextPage} lists={lists} />
      )}
      <Loaded query={pages}>
        {(data) => {
          const answer = data.pages[0]?.search;
          const notes = answer && <SearchNotes answer={answer} lists={lists} />;
          if (dossiers.length === 0) {
            return (
              <>
                {notes}
                <Nothing filtered={filtered} editable={editable} />
              </>
            );
          }
          const loadMore = (): void => {
            // Scrolling asks again before this page is drawn anew: the page that is on its way must not be dropped for that.
            if (pages.hasNextPage && !pages.isFetchNextPageError) void pages.fetchNextPage({ cancelRefetch: false });
          };
          const count = writing.number(dossiers.length);
          const View = search.view === 'photos' ? PhotoGrid : DossierTable;
          return (
            <div>
              {notes}
              <View
                dossiers={dossiers}
                lists={lists}
                total={answer ? answer.total : pages.hasNextPage ? total : dossiers.length}
                onNearEnd={loadMore}
                selection={editable ? selection : null}
              />
              {pages.isFetchNextPageError && <ProblemAlert error={pages.error} onRetry={() => void pages.fetchNextPage()} />}
              <Group gap="xs" mt="xs" role="status">
                <Text size="sm" c="dimmed">
                  {answer
                    ? t(answer.total_is_more ? 'dossiers.foundMore' : 'dossiers.found', {
                        count: answer.total,
                        shown: writing.number(answer.total),
                      })
                    : pages.hasNextPage
                      ? total === null
                        ? t('dossiers.loadedSome', { count: dossiers.length, shown: count })
                        : t('dossiers.loadedOf', { shown: count, total: writing.number(total) })
                      : t('dossiers.loadedAll', { count: dossiers.length, shown: count })}
                </Text>
                {pages.isFetching && <Loader size="xs" aria-hidden />}
              </Group>
            </div>
          );
        }}
      </Loaded>
    </div>
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
    <Empty icon={<IconFolderOff size={40} />} title={t(filtered ? 'common.nothingFits' : 'dossiers.empty.title')}>
      {t(text)}
    </Empty>
  );
}
