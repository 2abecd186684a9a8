import { Button } from '@mantine/core';
import { IconListDetails, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useMay } from '../../api/session.ts';
import { useWatchLists } from '../../api/watch-lists.ts';
import { Empty } from '../../components/empty.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Page } from '../../components/page.tsx';
import { ListDialog } from './list-dialog.tsx';
import { ListForm } from './list-form.tsx';
import { RemovalDialog } from './removal-dialog.tsx';
import type { Removal } from './removal-dialog.tsx';
import { WatchListTable } from './watch-list-table.tsx';

type Opened = { kind: 'create' } | { kind: 'edit'; list: WatchList } | { kind: Removal; list: WatchList } | null;

/** All watch lists of the node: its own and its copies. */
export function WatchListsPage() {
  const { t } = useTranslation();
  const lists = useWatchLists();
  const admin = useMay('admin');
  const [opened, setOpened] = useState<Opened>(null);
  const close = (): void => setOpened(null);
  const create = admin && (
    <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={() => setOpened({ kind: 'create' })}>
      {t('common.makeList')}
    </Button>
  );
  return (
    <Page title={t('shell.pages.watchLists')} description={t('watchLists.description')} actions={create}>
      <Loaded query={lists}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={<IconListDetails size={40} />} title={t('common.noLists')} actions={create}>
              {t(admin ? 'watchLists.empty.text' : 'watchLists.empty.textViewer')}
            </Empty>
          ) : (
            <WatchListTable
              lists={found}
              onEdit={(list) => setOpened({ kind: 'edit', list })}
              onRemove={(kind, list) => setOpened({ kind, list })}
            />
          )
        }
      </Loaded>
      {opened?.kind === 'create' && <ListForm read={null} onClose={close} />}
      {opened?.kind === 'edit' && <ListDialog list={opened.list.id} onClose={close} />}
      {(opened?.kind === 'purge' || opened?.kind === 'delete') && <RemovalDialog kind={opened.kind} list={opened.list} onClose={close} />}
    </Page>
  );
}
