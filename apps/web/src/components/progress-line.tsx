import { Group, Progress, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useWriting } from '../format/moments.ts';

/** What a run that is on does now, with absolute counts. */
export function ProgressLine({ progress }: { progress: NonNullable<Link['progress']> }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const photos = progress.phase === 'photos';
  const done = photos ? progress.photos_done : progress.done;
  const total = photos ? progress.photos_total : progress.total;
  const phase = t(`common.phase.${progress.phase}`);
  const counted = total !== null && total > 0;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {phase}
        </Text>
        {counted && (
          <Text size="sm" c="dimmed">
            {t(photos ? 'common.doneOfPhotos' : 'common.doneOf', { done: writing.number(done), total: writing.number(total) })}
          </Text>
        )}
      </Group>
      <Progress.Root mt={4}>
        {counted ? (
          <Progress.Section value={Math.min(100, (done / total) * 100)} aria-label={phase} />
        ) : (
          // How far it is nobody knows: no number is told.
          <Progress.Section value={100} animated withAria={false} role="progressbar" aria-label={phase} />
        )}
      </Progress.Root>
    </div>
  );
}
