import { Button, Group, Text } from '@mantine/core';
import { IconSearch, IconTrash } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Restored } from '@dossier/protocol/bin.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { inPlace } from '../../address.ts';
import { useBin, useDeletions } from '../../api/bin.ts';
import { useNode } from '../../api/node.ts';
import { useMayEditDossiers } from '../../api/permissions.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Empty } from '../../components/empty.tsx';
import { ListSelect } from '../../components/list-select.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { SearchField } from '../../components/search-field.tsx';
import { BinnedTable } from './binned-table.tsx';
import { Conflicts } from './conflicts.tsx';
import { DeletionTable, useDeletionWords } from './deletion-table.tsx';
import { EraseDialog } from './erase-dialog.tsx';
import type { Erasing } from './erase-dialog.tsx';
import type { BinSearch } from './search.ts';

/** What was deleted on this node, to be restored, or erased before its time. */
export function BinPage() {
  const { t } = useTranslation();
  const { data: node } = useNode();
  const admin = useMay('admin');
  const editable = useMayEditDossiers();
  const deletions = useDeletions();
  const [erasing, setErasing] = useState<Erasing | null>(null);
  const navigate = useNavigate({ from: '/bin' });
  const [left, setLeft] = useState<Restored | null>(null);
  const lists = useWatchLists();
  const own = (lists.data ?? []).filter(({ replica }) => replica === null);
  const many = deletions.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Page
      title={t('shell.pages.bin')}
      description={node !== undefined && t('bin.description', { count: node.bin_days })}
      actions={
        admin && (
          <Button variant="default" className="danger" leftSection={<IconTrash size={18} aria-hidden />} onClick={() => setErasing('all')}>
            {t('bin.eraseAll')}
          </Button>
        )
      }
    >
      {left !== null && <Conflicts restored={left} onClose={() => setLeft(null)} />}
      {many.length > 0 && (
        <DeletionTable
          deletions={many}
          lists={own}
          editable={editable}
          onRestored={setLeft}
          onShow={({ id }) => void navigate({ search: (before) => ({ ...before, deletion: id }), resetScroll: false })}
          {...(admin && { onErase: setErasing })}
        />
      )}
      {deletions.hasNextPage && (
        <Button variant="default" loading={deletions.isFetchingNextPage} onClick={() => void deletions.fetchNextPage()}>
          {t('common.more')}
        </Button>
      )}
      <Dossiers lists={own} editable={editable} onRestored={setLeft} {...(admin && { onErase: setErasing })} />
      {erasing !== null && <EraseDialog erasing={erasing} onClose={() => setErasing(null)} />}
    </Page>
  );
}

interface DossiersProps {
  /** Into which can be restored. */
  readonly lists: readonly WatchList[];
  readonly editable: boolean;
  readonly onRestored: (restored: Restored) => void;
  readonly onErase?: (erasing: Erasing) => void;
}

const longestText = 256;

function Dossiers({ lists, ...table }: DossiersProps) {
  const { t } = useTranslation();
  const { q: text, list, deletion } = useSearch({ from: '/bin' });
  const navigate = useNavigate({ from: '/bin' });
  const change = (facts: BinSearch): void => void navigate({ search: (before) => ({ ...before, ...facts }), ...inPlace });
  const { data: node } = useNode();
  const found = useBin({ text, dossier_lists: list, deletion });
  const filtered = text !== undefined || list !== undefined || deletion !== undefined;
  return (
    <>
      <Group align="flex-end" gap="sm" role="search" aria-label={t('bin.find')}>
        <SearchField
          label={t('bin.find')}
          description={t('bin.findHint')}
          value={text}
          onSearch={(q) => change({ q })}
          maxLength={longestText}
          leftSection={<IconSearch size={16} aria-hidden />}
          w={{ base: '100%', xs: 320 }}
          type="search"
        />
        <ListSelect
          label={t('dossiers.list')}
          lists={lists}
          value={list}
          onChange={(chosen) => change({ list: chosen })}
          none={t('dossiers.allLists')}
          maw={260}
        />
        {deletion !== undefined && <OfDeletion id={deletion} onShowAll={() => change({ deletion: undefined })} />}
      </Group>
      <Loaded query={found}>
        {(data) => {
          const dossiers = data.pages.flatMap((page) => page.results);
          if (dossiers.length === 0) {
            return (
              <Empty icon={<IconTrash size={40} />} title={t(filtered ? 'common.nothingFits' : 'bin.empty.title')}>
                {t(filtered ? 'bin.empty.filtered' : node?.bin_days === 0 ? 'bin.empty.textErased' : 'bin.empty.text')}
              </Empty>
            );
          }
          return (
            <>
              <BinnedTable dossiers={dossiers} lists={lists} {...table} />
              {found.hasNextPage && (
                <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
                  {t('common.more')}
                </Button>
              )}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** Says that only what one deletion took is shown. */
function OfDeletion({ id, onShowAll }: { id: number; onShowAll: () => void }) {
  const { t } = useTranslation();
  const wordsOf = useDeletionWords();
  const deletion = useDeletions()
    .data?.pages.flatMap(({ results }) => results)
    .find((each) => each.id === id);
  return (
    <Group gap="xs">
      <Text size="sm" className="wrap">
        {t('bin.shownDeletion', { what: deletion === undefined ? t('bin.deletionNumber', { id }) : wordsOf(deletion) })}
      </Text>
      <Button size="xs" variant="default" onClick={onShowAll}>
        {t('bin.showAll')}
      </Button>
    </Group>
  );
}
