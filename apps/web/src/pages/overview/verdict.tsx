import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { LinkState } from '@dossier/domain/link.ts';
import type { Link } from '@dossier/protocol/sync.ts';

/** One look: is everything right, and if not, how much isn't. */
export function Verdict({ links }: { links: readonly Link[] }) {
  const { t } = useTranslation();
  const count = (...states: LinkState[]): number => links.filter((link) => states.includes(link.state)).length;
  const failed = count('failed');
  const held = count('held');
  const busy = count('syncing');
  const pending = count('pending', 'unlinking');
  const sentences = [
    failed > 0 && t('overview.summary.failed', { count: failed }),
    held > 0 && t('overview.summary.held', { count: held }),
    busy > 0 && t('overview.summary.busy', { count: busy }),
    pending > 0 && t('overview.summary.pending', { count: pending }),
  ].filter((sentence) => sentence !== false);
  const wrong = failed + held > 0;
  const allEqual = sentences.length === 0;
  const Icon = wrong ? IconAlertTriangle : allEqual ? IconCircleCheck : IconRefresh;
  return (
    <Alert color={wrong ? 'red' : allEqual ? 'green' : 'steel'} icon={<Icon aria-hidden />} role="status">
      <Stack gap={2}>
        {allEqual && <Text fw={600}>{t('overview.summary.allEqual', { count: links.length })}</Text>}
        {sentences.map((sentence) => (
          <Text key={sentence} fw={600}>
            {sentence}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
