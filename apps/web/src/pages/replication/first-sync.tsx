import { Alert, Text } from '@mantine/core';
import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Preview } from '@dossier/protocol/sync.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useWriting } from '../../format/moments.ts';
import type { RemoteList } from './enable-dialog.tsx';

interface FirstSyncProps {
  readonly remote: RemoteList;
  /** Null for a list that is still to be made. */
  readonly list: WatchList | null;
  readonly preview: Preview | undefined;
}

/** What the first sync brings and, above all, what it removes. */
export function FirstSync({ remote, list, preview }: FirstSyncProps) {
  const { t } = useTranslation();
  const writing = useWriting();
  const brings = t('replication.enable.brings', {
    count: preview?.remote_count ?? remote.dossier_count,
    shown: writing.number(preview?.remote_count ?? remote.dossier_count),
  });
  if (list === null || (preview !== undefined && preview.local_count === 0)) {
    return (
      <Alert color="steel" icon={<IconInfoCircle aria-hidden />} role="status">
        {brings}
      </Alert>
    );
  }
  if (preview === undefined) return <Text size="sm">{t('replication.enable.comparing')}</Text>;
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} role="status" title={t('replication.enable.replaces', { name: list.name })}>
      {t('replication.enable.removes', {
        count: preview.removed,
        shown: writing.number(preview.removed),
        held: writing.number(preview.local_count),
      })}{' '}
      {brings}
    </Alert>
  );
}
