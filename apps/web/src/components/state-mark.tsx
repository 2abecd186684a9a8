import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconClock, IconHandStop, IconRefresh, IconUnlink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { LinkState } from '@dossier/domain/link.ts';
import classes from './state-mark.module.css';

const icons = {
  pending: IconClock,
  syncing: IconRefresh,
  synced: IconCircleCheck,
  failed: IconAlertTriangle,
  held: IconHandStop,
  unlinking: IconUnlink,
} as const;

/** The state of a link: by a sign, a colour and words; its name unless others are given. */
export function StateMark({ state, children }: { state: LinkState; children?: ReactNode }) {
  const { t } = useTranslation();
  const Icon = icons[state];
  return (
    <Group gap={6} wrap="nowrap" className={classes.mark ?? ''} data-state={state}>
      <Icon size={20} aria-hidden className={classes.icon ?? ''} />
      <Text fw={600} size="sm" component="div">
        {children ?? t(`common.state.${state}`)}
      </Text>
    </Group>
  );
}
