import { Group, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconClock,
  IconEqualNot,
  IconHandStop,
  IconPhotoX,
  IconPlugConnectedX,
  IconRefresh,
  IconUnlink,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LinkStanding } from './link-standing.ts';
import classes from './state-mark.module.css';

const icons = {
  pending: IconClock,
  syncing: IconRefresh,
  synced: IconCircleCheck,
  failed: IconAlertTriangle,
  held: IconHandStop,
  rejected: IconHandStop,
  approved: IconRefresh,
  unlinking: IconUnlink,
  'changed-here': IconEqualNot,
  'set-aside': IconEqualNot,
  'photos-missing': IconPhotoX,
  'master-away': IconPlugConnectedX,
} as const;

/** How a copy is: by a sign, a colour and words; its name unless others are given. */
export function StateMark({ standing, children }: { standing: LinkStanding; children?: ReactNode }) {
  const { t } = useTranslation();
  const Icon = icons[standing];
  return (
    <Group gap={6} wrap="nowrap" className={classes.mark ?? ''} data-state={standing}>
      <Icon size={20} aria-hidden className={classes.icon ?? ''} />
      <Text fw={600} size="sm" component="div">
        {children ?? t(`common.state.${standing}`)}
      </Text>
    </Group>
  );
}
