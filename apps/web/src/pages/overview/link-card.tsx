import { Anchor, Card, Group, Stack, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { Link as RouterLink } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import { useRuns } from '../../api/links.ts';
import { FaultText } from '../../components/fault-text.tsx';
import { LinkState, NextRun } from '../../components/link-facts.tsx';
import { standingOf } from '../../components/link-standing.ts';
import { ListName } from '../../components/list-name.tsx';
import { ProgressLine } from '../../components/progress-line.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { useWriting } from '../../format/moments.ts';
import { useOrigin } from '../../format/origin.ts';
import classes from './link-card.module.css';

/** A replicated list at a glance. */
export function LinkCard({ link, list }: { link: Link; list: WatchList | null }) {
  const { t } = useTranslation();
  const writing = useWriting();
  const { ref, entry } = useIntersection({ rootMargin: '200px' });
  const runs = useRuns(link.slave_dossier_list, { enabled: entry?.isIntersecting === true });
  const origin = useOrigin();
  const behind = (link.head_revision ?? 0) - (link.revision ?? 0);
  return (
    <Card ref={ref} withBorder component="li" className={classes.card ?? ''} data-state={standingOf(link)}>
      <Stack gap="xs" justify="space-between" h="100%">
        <div>
          <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
            <Anchor
              renderRoot={(props) => <RouterLink {...props} to="/replication/$list" params={{ list: String(link.slave_dossier_list) }} />}
              c="inherit"
              fw={650}
            >
              <ListName name={list?.name ?? String(link.slave_dossier_list)} color={list?.color ?? ''} />
            </Anchor>
            <Text size="sm" c="dimmed" className={classes.count ?? ''}>
              {link.remote_count === null || link.remote_count === link.local_count
                ? writing.number(link.local_count)
                : t('overview.ofRemote', { here: writing.number(link.local_count), there: writing.number(link.remote_count) })}
            </Text>
          </Group>
          <Text size="xs" c="dimmed" className={classes.origin ?? ''}>
            {origin(link, new URL(link.remote_url).host)}
          </Text>
        </div>
        <div>
          <LinkState link={link} />
          {behind > 0 && link.state !== 'synced' && <Text size="sm">{t('overview.behind', { count: behind })}</Text>}
        </div>
        {link.progress !== null && <ProgressLine progress={link.progress} />}
        {link.error !== null && <FaultText error={link.error} />}
        <Group justify="space-between" gap="xs">
          <NextRun link={link} />
          {runs.data && (runs.data.length > 0 ? <Sparkline runs={runs.data} /> : <Text size="xs">{t('overview.noRuns')}</Text>)}
        </Group>
      </Stack>
    </Card>
  );
}
