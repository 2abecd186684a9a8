import { Text } from '@mantine/core';
import { Trans, useTranslation } from 'react-i18next';
import type { Link } from '@dossier/protocol/sync.ts';
import { useNode } from '../api/node.ts';
import { When } from './when.tsx';

/** Since when the copy is known to be right: never claimed for now where the last contact failed. */
export function EqualAsOf({ link }: { link: Link }) {
  const { t } = useTranslation();
  if (link.verified_at === null) return <Text size="sm">{t('overview.neverEqual')}</Text>;
  const key = link.state === 'synced' ? 'overview.equalAsOf' : 'overview.lastEqual';
  return (
    <Text size="sm" {...(link.state === 'synced' && { fw: 600 })} data-equal={link.state === 'synced'}>
      <Trans t={t} i18nKey={key} values={{ time: '' }} components={{ time: <When time={link.verified_at} /> }} />
    </Text>
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
    </Text>
  );
}
