import { Text } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useNode } from '../api/node.ts';
import { standingOf } from './link-standing.ts';
import { StateMark } from './state-mark.tsx';
import { When } from './when.tsx';

/** How the list is, and since when the copy is known to be right: never claimed for now where anything speaks against it. */
export function LinkState({ link }: { link: Link }) {
  const { t } = useTranslation();
  const standing = standingOf(link);
  const time = link.verified_at === null ? null : <When time={link.verified_at} />;
  if (standing === 'synced' && time !== null) {
    return (
      <StateMark standing="synced">
        <Trans t={t} i18nKey="overview.equalAsOf" components={{ time }} />
      </StateMark>
    );
  }
  return (
    <div>
      <StateMark standing={standing} />
      <Text size="sm">{time === null ? t('overview.neverEqual') : <Trans t={t} i18nKey="overview.lastEqual" components={{ time }} />}</Text>
    </div>
  );
}

/** When the list is synced next: in the browser's zone and, where that is another one, in the site's. */
export function NextRun({ link }: { link: Link }) {
  const { t } = useTranslation();
  const { data: node } = useNode();
  const retry = link.state === 'failed';
  const time = retry ? (link.error?.next_attempt ?? link.next_run) : link.next_run;
  if (time === null) return retry ? <Text size="sm">{t('overview.noNextTry')}</Text> : null;
  const here = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <Text size="sm" c="dimmed">
      <Trans t={t} i18nKey={retry ? 'overview.nextTry' : 'overview.nextRun'} components={{ time: <When time={time} /> }} />
      {node !== undefined && node.time_zone !== here && (
        <>
          {' · '}
          <Trans
            t={t}
            i18nKey="overview.nextRunSite"
            values={{ zone: node.time_zone }}
            components={{ time: <When time={time} timeZone={node.time_zone} /> }}
          />
        </>
      )}
      {link.schedule_fault !== null && ` · ${t('overview.zoneUnknown')}`}
    </Text>
  );
}
