import { Group, Text, Tooltip } from '@mantine/core';
import { IconBolt, IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { LiveState } from '../api/live.ts';

/** Whether what the page shows is how it is now. */
export function LiveMark({ state }: { state: LiveState }) {
  const { t } = useTranslation();
  if (state === 'connecting') return null;
  const lost = state === 'lost';
  const Icon = lost ? IconPlugConnectedX : IconBolt;
  return (
    <Tooltip label={t(lost ? 'shell.lostHint' : 'shell.liveHint')} multiline maw={280}>
      <Group gap={4} wrap="nowrap" role="status">
        <Icon size={16} aria-hidden />
        <Text size="sm" fw={lost ? 700 : 400} span {...(!lost && { visibleFrom: 'xs' })}>
          {t(lost ? 'shell.lost' : 'shell.live')}
        </Text>
      </Group>
    </Tooltip>
  );
}
