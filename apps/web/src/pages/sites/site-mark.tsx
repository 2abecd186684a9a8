import { Group, Text } from '@mantine/core';
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconClockExclamation,
  IconCopyX,
  IconEqualNot,
  IconHandStop,
  IconHourglassEmpty,
  IconMailForward,
  IconMailX,
  IconMoon,
  IconPlugConnectedX,
  IconUserQuestion,
} from '@tabler/icons-react';
import { Trans, useTranslation } from 'react-i18next';
import type { Site } from '@dossier/protocol/site.ts';
import { When } from '../../components/when.tsx';
import { useWriting } from '../../format/moments.ts';
import classes from './site-mark.module.css';
import { failingLists, heldLists, momentOf, unconfirmed } from './site-standing.ts';
import type { SiteStanding } from './site-standing.ts';

const icons = {
  waiting: IconUserQuestion,
  cloned: IconCopyX,
  differs: IconEqualNot,
  alert: IconAlertTriangle,
  failing: IconHandStop,
  withdrawing: IconHourglassEmpty,
  silent: IconPlugConnectedX,
  behind: IconClockExclamation,
  invited: IconMailForward,
  lapsed: IconMailX,
  idle: IconMoon,
  equal: IconCircleCheck,
  revoked: IconBan,
} as const;

/** How a site is: by a sign, a colour and words, and since when. */
export function SiteMark({ site, standing }: { site: Site; standing: SiteStanding }) {
  const { t } = useTranslation();
  const Icon = icons[standing];
  const words = useStandingWords()(site, standing);
  const moment = momentOf(site, standing);
  return (
    <Group gap={6} wrap="nowrap" align="flex-start" className={classes.mark ?? ''} data-standing={standing}>
      <Icon size={20} aria-hidden className={classes.icon ?? ''} />
      <div>
        <Text fw={600} size="sm">
          {words}
        </Text>
        {moment !== null && (
          <Text size="xs" c="dimmed">
            <Trans t={t} i18nKey={`sites.${moment.said}`} components={{ time: <When time={moment.time} /> }} />
          </Text>
        )}
      </div>
    </Group>
  );
}

function useStandingWords(): (site: Site, standing: SiteStanding) => string {
  const { t } = useTranslation();
  const writing = useWriting();
  return (site, standing) => {
    switch (standing) {
      case 'failing':
        return t('sites.standing.failing', { count: failingLists(site).length });
      case 'withdrawing':
        return t('sites.standing.withdrawing', { count: unconfirmed(site).length });
      case 'behind': {
        const held = heldLists(site);
        return t('sites.standing.behind', { count: held.filter(({ current }) => !current).length, total: writing.number(held.length) });
      }
      default:
        return t(`sites.standing.${standing}`);
    }
  };
}

/** How many lists it may read now. */
export function useReads(): (site: Site) => string {
  const { t } = useTranslation();
  return ({ lists, state }) =>
    state === 'revoked'
      ? t('sites.mayReadNone')
      : lists === null
        ? t('sites.mayReadAll')
        : lists.length === 0
          ? t('sites.mayReadNone')
          : t('sites.mayRead', { count: lists.length });
}
