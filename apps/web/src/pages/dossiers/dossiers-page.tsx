import { Button, Group } from '@mantine/core';
import { IconFileImport, IconPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { inPlace } from '../../address.ts';
import { useMayEditDossiers } from '../../api/permissions.ts';
import { useIsLimited } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { useInterruptedDraft } from '../../components/draft.ts';
import { Loaded } from '../../components/loaded.tsx';
import { useNarrow } from '../../components/narrow.ts';
import { Page } from '../../components/page.tsx';
import { useChosenPhotos } from './chosen-photos.ts';
import { draftSubject } from './dossier-draft.ts';
import { DossierDrawer } from './dossier-drawer.tsx';
import { DossierResults } from './dossier-results.tsx';
import { ExportMenu } from './export-menu.tsx';
import { Filters } from './filters.tsx';
import { NewDossier } from './new-dossier.tsx';
import { NoLists } from './no-lists.tsx';
import { ReadOnlyLine } from './read-only-line.tsx';

const ImportDialog = lazy(async () => ({ default: (await import('../import/import-dialog.tsx')).ImportDialog }));

/** All dossiers of the node: to find, to read and, on a master, to change. */
export function DossiersPage() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/dossiers' });
  const navigate = useNavigate({ from: '/dossiers' });
  const lists = useWatchLists();
  const editable = useMayEditDossiers();
  const isLimited = useIsLimited();
  // There the search comes first.
  const narrow = useNarrow();
  const interrupted = useInterruptedDraft(draftSubject(null));
  const [asked, setOpened] = useState<'create' | 'import' | 'nothing' | null>(null);
  const chosen = useChosenPhotos();
  const opened = asked ?? (editable && interrupted ? 'create' : null);
  const ownLists = (lists.data ?? []).filter((list) => list.replica === null);
  const open = (id: number): void => void navigate({ search: (before) => ({ ...before, open: id }), resetScroll: false });
  // Replaces the address: going back afterwards does not open the dossier again.
  const close = (): void => void navigate({ search: (before) => ({ ...before, open: undefined }), ...inPlace });
  useFocusOnRow(search.open);
  const mayImport = editable && !isLimited && ownLists.length > 0;
  const actions = lists.data !== undefined && lists.data.length > 0 && (
    <>
      <ExportMenu lists={lists.data} />
      {mayImport && (
        <Button variant="default" leftSection={<IconFileImport size={18} aria-hidden />} onClick={() => setOpened('import')}>
          {t('dossiers.import.open')}
        </Button>
      )}
      {mayImport && (
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpened('create')}>
          {t('dossiers.create')}
        </Button>
      )}
    </>
  );
  return (
    <Page title={t('dossiers.title')} description={<ReadOnlyLine />} {...(!narrow && { actions })}>
      <Loaded query={lists}>
        {(found) =>
          found.length === 0 ? (
            <NoLists />
          ) : (
            <>
              <Filters lists={found} />
              {narrow && <Group gap="xs">{actions}</Group>}
              <DossierResults lists={found} editable={editable} />
            </>
          )
        }
      </Loaded>
      {search.open !== undefined && <DossierDrawer id={search.open} lists={lists.data ?? []} onClose={close} />}
      {opened === 'create' && (
        <NewDossier
          lists={ownLists}
          {...(search.list !== undefined && { preset: search.list })}
          onClose={() => setOpened('nothing')}
          chosen={chosen}
          onDone={(made) => {
            setOpened('nothing');
            open(made.id);
          }}
        />
      )}
      {opened === 'import' && (
        <Suspense>
          <ImportDialog lists={ownLists} {...(search.list !== undefined && { preset: search.list })} onClose={() => setOpened('nothing')} />
        </Suspense>
      )}
    </Page>
  );
}

/** When a dossier is closed, the focus is where it was found. */
function useFocusOnRow(open: number | undefined): void {
  const last = useRef(open);
  useEffect(() => {
    const closed = last.current;
    last.current = open;
    if (open !== undefined || closed === undefined) return;
    // The drawer gives the focus up only when it is gone.
    window.setTimeout(() => document.querySelector<HTMLElement>(`a[data-opens="${closed}"]`)?.focus(), 0);
  }, [open]);
}
