import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { standingOf } from '../../components/link-standing.ts';
import type { LinkStanding } from '../../components/link-standing.ts';

interface Kind {
  readonly name: 'failed' | 'held' | 'differing' | 'rejected' | 'away' | 'busy' | 'pending';
  readonly standings: readonly LinkStanding[];
  readonly colour: 'red' | 'yellow' | 'steel';
}

/** What isn't equal, the worst first. */
const kinds: readonly Kind[] = [
  { name: 'failed', standings: ['failed'], colour: 'red' },
  { name: 'held', standings: ['held'], colour: 'red' },
  { name: 'differing', standings: ['changed-here', 'set-aside', 'photos-missing'], colour: 'yellow' },
  { name: 'rejected', standings: ['rejected'], colour: 'yellow' },
  { name: 'away', standings: ['master-away'], colour: 'yellow' },
  { name: 'busy', standings: ['syncing', 'approved'], colour: 'steel' },
  { name: 'pending', standings: ['pending', 'unlinking'], colour: 'steel' },
];

/** One look: is everything right, and if not, how much isn't. */
export function Verdict({ links }: { links: readonly Link[] }) {
  const { t } = useTranslation();
  const standings = links.map(standingOf);
  const found = kinds
    .map((kind) => ({ ...kind, count: standings.filter((standing) => kind.standings.includes(standing)).length }))
    .filter(({ count }) => count > 0);
  const colour = found[0]?.colour ?? 'green';
  const Icon = colour === 'green' ? IconCircleCheck : colour === 'steel' ? IconRefresh : IconAlertTriangle;
  return (
    <Alert color={colour} icon={<Icon aria-hidden />} role="status">
      <Stack gap={2}>
        {found.length === 0 && <Text fw={600}>{t('overview.summary.allEqual', { count: links.length })}</Text>}
        {found.map(({ name, count }) => (
          <Text key={name} fw={600}>
            {t(`overview.summary.${name}`, { count })}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
