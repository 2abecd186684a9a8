import { Group, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconClock, IconHelpCircle, IconPlugConnectedX, IconUnlink } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './health-mark.module.css';
import type { Health } from './site-health.ts';

const icons = {
  silent: IconPlugConnectedX,
  stuck: IconAlertTriangle,
  dropped: IconUnlink,
  unknown: IconHelpCircle,
  waiting: IconClock,
  complete: IconCircleCheck,
} as const;

/** How a site is: by a sign, a colour and words. */
export function HealthMark({ health }: { health: Health }) {
  const { t } = useTranslation();
  const Icon = icons[health];
  return (
    <Group gap={6} wrap="nowrap">
      <Icon size={20} aria-hidden className={classes.icon ?? ''} data-health={health} />
      <Text fw={600} size="sm">
        {t(`siteHealth.states.${health}`)}
      </Text>
    </Group>
  );
}
