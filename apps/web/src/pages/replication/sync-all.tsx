import { Button } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useSyncMany } from '../../api/many-links.ts';
import { useListName } from '../../api/watch-lists.ts';
import { whenDone } from '../../api/when-done.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useTell } from '../../components/tell.ts';

/** Asks for a sync of every link. */
export function SyncAll({ links }: { links: readonly Link[] }) {
  const { t } = useTranslation();
  const tell = useTell();
  const sync = useSyncMany();
  const wanted = links.filter(({ state }) => state !== 'unlinking').map((link) => link.slave_dossier_list);
  const start = (): void =>
    whenDone(sync.mutateAsync(wanted), (failed) => {
      if (wanted.length > failed.length) tell(t('bulk.syncing.asked', { count: wanted.length - failed.length }));
    });
  const names = (sync.data ?? []).map(useListName());
  return (
    <>
      <Button variant="default" leftSection={<IconRefresh size={18} aria-hidden />} loading={sync.isPending} onClick={start}>
        {t('bulk.syncing.all')}
      </Button>
      {names.length > 0 && <ProblemAlert error={t('bulk.syncing.failed', { names: names.join(', ') })} />}
    </>
  );
}
